"""How far back does a loss reach? The lecture's worked example, and then longer sequences.

First the RNN of lecture 004, with its numbers: the norm of ∂L_t/∂h_k for each loss t and state k, and the singular
values of the step Jacobians diag(1 - h_t²) W_hh, all below 1: the gradient shrinks at every step back. Then the same
over many steps for linear and tanh RNNs whose W_hh has a given spectral radius, and for an LSTM that starts with a
forget bias. The picture shows the norms against the distance.
"""

from pathlib import Path

import numpy as np

import tinygrad_rnn as tg
from tinygrad_rnn import nn
from tinygrad_rnn.viz.plots import save_figure

X = [[0.5, 0.1, -0.3], [-0.2, 0.4, 0.3], [0.1, -0.5, 0.2], [0.4, 0.2, -0.1]]
Y = [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]
W_XH = [[0.2, -0.3], [0.4, 0.1], [-0.5, 0.2]]
W_HH = [[0.6, -0.2], [0.1, 0.5]]
W_HY = [[0.3, -0.7], [-0.5, 0.8]]


def worked_example() -> None:
    """z_t = W_xhᵀ x_t + W_hh h_{t-1}, h_t = tanh(z_t), ŷ_t = W_hy h_t, L_t = ½ ‖ŷ_t - Y_t‖²."""
    cell = nn.RNNCell(3, 2, bias=False, dtype=tg.float64)
    cell.load_state_dict({"weight_ih": np.transpose(W_XH), "weight_hh": np.array(W_HH)})
    x, y = tg.tensor(X, dtype=tg.float64), tg.tensor(Y, dtype=tg.float64)
    h, states, losses = tg.zeros(2, dtype=tg.float64), [], []
    for t in range(4):
        h = cell(x[t], h)
        states.append(h)
        losses.append(0.5 * ((tg.tensor(W_HY, dtype=tg.float64) @ h - y[t]) ** 2).sum())

    print("‖∂L_t/∂h_k‖    k = 0     k = 1     k = 2     k = 3")
    for t, loss in enumerate(losses):
        gradients = tg.autograd.grad(loss, states[: t + 1], retain_graph=True)
        print(f"  t = {t}     " + "".join(f"{g.norm().item():10.4f}" for g in gradients))
    print("largest singular value of ∂h_t/∂h_{t-1}:")
    for t in (1, 2, 3):
        jacobian = np.diag(1 - states[t].detach().numpy() ** 2) @ np.array(W_HH)
        print(f"  t = {t}     {np.linalg.svd(jacobian, compute_uv=False)[0]:10.4f}")
    print(f"  W_hh      {np.linalg.svd(W_HH, compute_uv=False)[0]:10.4f}\n")


def reach(layer, steps: int) -> np.ndarray:
    """‖∂(Σ h_T)/∂x_t‖ by the distance T - t, for small noise as the input."""
    x = (0.1 * tg.randn(steps, 1, layer.cells[0].input_size, dtype=tg.float64)).requires_grad_()
    output, _ = layer(x)
    output[-1].sum().backward()
    return x.grad.norm(dim=-1)[:, 0].numpy()[::-1]


def rnn(radius: float, nonlinearity="tanh"):
    """An RNN whose W_hh is `radius` times an orthogonal matrix: all its singular values are `radius`."""
    cell = nn.RNNCell(16, 16, bias=False, nonlinearity=nonlinearity, dtype=tg.float64)
    nn.init.orthogonal_(cell.weight_hh, gain=radius)
    return nn.Recurrent(cell)


def main(steps: int = 60, out: str | Path = "vanishing_gradients.png") -> None:
    """Print the worked example, then the reach of each layer over `steps` steps; save the curves."""
    worked_example()
    tg.manual_seed(0)
    layers = {
        "linear, radius 0.9": rnn(0.9, lambda z: z),
        "linear, radius 1.0": rnn(1.0, lambda z: z),
        "linear, radius 1.1": rnn(1.1, lambda z: z),
        "tanh, radius 0.9": rnn(0.9),
        "tanh, radius 1.0": rnn(1.0),
        "tanh, radius 1.5": rnn(1.5),
        "IRNN": nn.Recurrent(nn.IRNNCell(16, 16, dtype=tg.float64)),
        "LSTM": nn.Recurrent(nn.LSTMCell(16, 16, dtype=tg.float64)),
        "LSTM, forget bias 3": nn.Recurrent(nn.init.forget_bias_(nn.LSTMCell(16, 16, dtype=tg.float64), 3.0)),
    }
    curves = {name: reach(layer, steps) for name, layer in layers.items()}
    far = steps - 1
    print(f"gradient of h_T by x_t, relative to distance 0    {far // 4:8d}  {far // 2:8d}  {far:8d} steps back")
    for name, curve in curves.items():
        marks = [curve[k] / curve[0] for k in (far // 4, far // 2, far)]
        print(f"{name:48s}  " + "  ".join(f"{mark:8.1e}" for mark in marks))
    save_curves(curves, out)


def save_curves(curves, out: str | Path) -> None:
    """The norms against the distance, relative to distance 0, on a logarithmic scale."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.add_subplot(
        xlabel="steps back", ylabel="gradient, relative", yscale="log", title="How far a loss reaches"
    )
    for name, curve in curves.items():
        axes.plot(np.maximum(curve / curve[0], 1e-16), "--" if "linear" in name else "-", label=name)
    axes.legend(fontsize="small")
    save_figure(figure, out, dpi=120)


if __name__ == "__main__":
    tg.set_num_threads(1)  # small matrices: on a busy machine several threads wait for each other
    main()
