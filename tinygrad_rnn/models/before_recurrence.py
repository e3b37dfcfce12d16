"""The models before recurrence: five ways to predict the next element of a sequence, each mending the one before.

    naive                x̂_{t+1} = f_t(x_0, …, x_t)              all of the past, and a new function for every t
    autoregressive       x̂_{t+1} = f(x_{t-τ+1}, …, x_t)          one function, blind beyond a window τ
    Markov               x̂_{t+1} = f(x_t)                        the same with τ = 1
    latent               h_t = g(h_{t-1}, x_t), x̂_{t+1} = f(h_t)  one function and all of the past, summed up in h
    linear state space   the same with linear f and g: its memory can be worked out by hand

All take x (T, B, I) or (T, I) and return, for each t, the prediction of x_{t+1}, in the same shape; none looks ahead.
For symbols, x is one-hot and the prediction is the logits of the next one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._tensor import Tensor
from ..create import empty, zeros
from ..nn import functional as F, init
from ..nn.container import ModuleList
from ..nn.linear import Linear
from ..nn.module import Module
from ..nn.parameter import Parameter
from ..nn.recurrent.cells import Gates, RNNCell, State, check_sizes
from ..nn.recurrent.recurrent import Recurrent
from ..nn.recurrent.through_time import through_time
from ..ops.checks import need_tensor
from ..ops.joining import cat, stack


class NextElement(Module):
    """A model of the next element given the past; `forecast` runs it on its own predictions."""

    size: int

    def check(self, x: Tensor) -> None:
        """Raise unless x is (T, B, size) or (T, size), with T > 0."""
        name = type(self).__name__
        need_tensor(name, x)
        if x.ndim not in (2, 3) or x.array.shape[-1] != self.size:
            raise RuntimeError(
                f"{name}: expected a sequence (T, B, {self.size}) or (T, {self.size}), got {list(x.shape)}"
            )
        if x.array.shape[0] == 0:
            raise RuntimeError(f"{name}: expected sequence length to be larger than 0 (shape {list(x.shape)})")

    def forecast(self, x: Tensor, steps: int) -> Tensor:
        """What follows x (T, ·), `steps` elements: each prediction is the next input."""
        check_sizes("forecast", steps=steps)
        for _ in range(steps):
            x = cat([x, self(x)[-1:]])
        return x[-steps:]


class NaiveModel(NextElement):
    """A function of its own for every length of the past: x̂_{t+1} = b_t + Σ_{k ≤ t} W_{t,k} x_k.

    Faithful to p(x_t | x_{t-1}, …, x_0), and useless: its parameters grow with longest², each is trained by one place
    of the sequence only, and it has no answer after `longest` elements.
    """

    def __init__(self, size: int, longest: int):
        super().__init__()
        check_sizes("NaiveModel", size=size, longest=longest)
        self.size = size
        self.longest: int = longest
        self.by_length: ModuleList = ModuleList(Linear((t + 1) * size, size) for t in range(longest))

    def forward(self, input: Tensor) -> Tensor:
        """x (T, B, size) or (T, size), T up to `longest` -> the prediction of x_{t+1} for each t."""
        self.check(input)
        if input.array.shape[0] > self.longest:
            raise RuntimeError(
                f"NaiveModel: a sequence of {input.shape[0]} elements, but functions for {self.longest} only: each "
                f"length of the past needs its own"
            )
        return stack(
            [f(cat(list(input[: t + 1].unbind(0)), -1)) for t, f in enumerate(self.by_length) if t < len(input)]
        )

    def extra_repr(self) -> str:
        return f"size={self.size}, longest={self.longest}"


class AutoregressiveModel(NextElement):
    """One function of the last τ elements, AR(τ): x̂_{t+1} = f(x_{t-τ+1}, …, x_t), with zeros before x_0.

    f(u) = W u + b, or with `hidden_size` the network W tanh(V u + a) + b.
    """

    hidden_size: Any
    hidden: Any

    def __init__(self, size: int, window: int, hidden_size: int | None = None):
        super().__init__()
        check_sizes(type(self).__name__, size=size, window=window)
        self.size = size
        self.window: int = window
        self.hidden_size = hidden_size
        self.hidden = None if hidden_size is None else Linear(window * size, hidden_size)
        self.out: Linear = Linear(hidden_size or window * size, size)

    def forward(self, input: Tensor) -> Tensor:
        """x (T, B, size) or (T, size) -> the prediction of x_{t+1} for each t."""
        self.check(input)
        T, window = input.array.shape[0], self.window
        padded = cat([input.new_zeros(window - 1, *input.array.shape[1:]), input]) if window > 1 else input
        windows = cat([padded[k : k + T] for k in range(window)], -1)  # (T, …, τ · size), oldest first
        return self.out(windows if self.hidden is None else self.hidden(windows).tanh())

    def extra_repr(self) -> str:
        return f"size={self.size}, window={self.window}"


class MarkovModel(AutoregressiveModel):
    """Only the present counts, Pr(x_{t+1} | x_t): x̂_{t+1} = f(x_t), the autoregressive model with τ = 1.

    On one-hot symbols, the linear f is a table: row j of softmax(Wᵀ + b) is Pr(x_{t+1} | x_t = j).
    """

    def __init__(self, size: int, hidden_size: int | None = None):
        super().__init__(size, 1, hidden_size)


class LatentAutoregressiveModel(NextElement):
    """The past in a state: h_t = g(h_{t-1}, x_t), x̂_{t+1} = W h_t + b. With g a recurrent cell this is an RNN.

    cell   any recurrent cell that takes `size` features; RNNCell(size, hidden_size) if left out
    """

    def __init__(self, size: int, hidden_size: int, cell: Module | None = None):
        super().__init__()
        check_sizes("LatentAutoregressiveModel", size=size, hidden_size=hidden_size)
        self.size = size
        self.hidden_size: int = hidden_size
        self.state: Recurrent = Recurrent(RNNCell(size, hidden_size) if cell is None else cell)
        self.out: Linear = Linear(hidden_size, size)

    def forward(self, input: Tensor) -> Tensor:
        """x (T, B, size) or (T, size) -> the prediction of x_{t+1} for each t."""
        self.check(input)
        return self.out(self.state(input)[0])


class LinearStateSpace(NextElement):
    """A linear RNN: h_t = A h_{t-1} + B x_t, y_t = C h_t, for t = 0, 1, …, from a given h_{-1}.

    Unrolled, h_t = A^{t+1} h_{-1} + Σ_{k ≤ t} A^{t-k} B x_k: the state is a memory of all inputs, and what is k steps old
    counts by A^k. If A = Σ_j λ_j v_j w_jᵀ (eigenvalues λ, right and left eigenvectors), A^k = Σ_j λ_j^k v_j w_jᵀ:
    each direction of the memory fades (|λ| < 1), stays (= 1) or explodes (> 1), and so does ∂h_t/∂h_{t-k} = A^k.

    A (H, H) starts orthogonal times `radius`, so that all |λ| = radius; B (H, I) and C (O, H) uniform, as in nn.Linear.

    output_size  O; the size of x if left out, y_t is then the prediction of x_{t+1}
    """

    output_size: Any

    def __init__(
        self, size: int, hidden_size: int, output_size: int | None = None, radius: float = 0.9, device: Any = None,
        dtype: Any = None,
    ):  # fmt: skip
        super().__init__()
        output_size = size if output_size is None else output_size
        check_sizes("LinearStateSpace", size=size, hidden_size=hidden_size, output_size=output_size)
        self.size = size
        self.hidden_size: int = hidden_size
        self.output_size = output_size
        self.A = Parameter(empty(hidden_size, hidden_size, dtype=dtype, device=device))
        self.B = Parameter(empty(hidden_size, size, dtype=dtype))
        self.C = Parameter(empty(output_size, hidden_size, dtype=dtype))
        init.orthogonal_(self.A, gain=radius)
        init.uniform_(self.B, -(size**-0.5), size**-0.5)
        init.uniform_(self.C, -(hidden_size**-0.5), hidden_size**-0.5)

    def transition(self, x: Tensor, state: State) -> tuple[State, Gates]:
        """(x_t, h_{t-1}) -> h_t."""
        (h,) = state
        return (F.linear(h, self.A) + F.linear(x, self.B),), {}

    def states(self, input: Tensor, h: Tensor | None = None) -> Tensor:
        """All h_t, (T, B, H) or (T, H), from h_{-1} (B, H) or (H,), zeros if left out."""
        self.check(input)
        expected = (*input.array.shape[1:-1], self.hidden_size)
        start = zeros(expected, dtype=input.dtype) if h is None else h
        if start.array.shape != expected:
            raise RuntimeError(f"LinearStateSpace: expected h of shape {list(expected)}, got {list(start.shape)}")
        if input.ndim == 3:
            return stack(through_time(self.transition, input.unbind(0), (start,))[0])
        return self.states(input.unsqueeze(1), start.unsqueeze(0)).squeeze(1)

    def forward(self, input: Tensor, h: Tensor | None = None) -> Tensor:
        """x (T, B, size) or (T, size) -> y_t (T, …, output_size)."""
        return F.linear(self.states(input, h), self.C)

    def response(self, steps: int) -> Tensor:
        """K_k = C A^k B for k = 0 … steps - 1, (steps, O, I): y_t = Σ_{k ≤ t} K_k x_{t-k} if h_{-1} = 0, a convolution."""
        check_sizes("response", steps=steps)
        memory, found = self.B, []
        for _ in range(steps):
            found.append(self.C @ memory)
            memory = self.A @ memory
        return stack(found)

    def eigenvalues(self) -> np.ndarray:
        """The eigenvalues of A, complex numbers (H,), largest first: |λ|^k is how they look after k steps."""
        found = np.linalg.eigvals(self.A.array)
        return found[np.argsort(-abs(found), kind="stable")]

    def extra_repr(self) -> str:
        return f"size={self.size}, hidden_size={self.hidden_size}, output_size={self.output_size}"
