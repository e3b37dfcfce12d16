"""A whole sequence as one node: fast kernels from `kernels/`, and the readable steps they stand for.

A fused node keeps, beside what its kernel needs, the transition it equals. `expand` runs that through time at the
node's own inputs, so pictures, per-step gradients and the debugger see every operation; under `create_graph=True` the
node's gradient is that of the expanded steps, so second derivatives need no rule here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ... import engine
from ..._mode import Scope, enable_grad, thread
from ..._tensor import Tensor
from ...graph import FREED, Node
from ...kernels.choice import GRU, LSTM, RNN
from ...ops.basic import Cast, Reshape
from ...ops.function import Array, Function, freed_message
from ...ops.joining import cat, stack
from ...ops.linear import linear
from ...ops.widening import narrow
from ...recording import record_op
from .cells import State, Weights
from .packing import turned
from .through_time import Transition, through_time


class FusedLayer(Function):
    """One layer in one direction over a sequence: inputs x (T, B, I), the start state, then the weights.

    Outputs are the outputs (T, B, H) and each part of the last state (B, H).

    transition_with   (weights) -> the readable transition that this node stands for
    options           the kernel's own
    """

    widens = "always"
    fresh = True
    n_states = 1  # how many of the inputs after x are the start state
    adds_biases = True  # does b_ih + b_hh stand everywhere, never one of them alone?
    kernel_forward: Callable[..., tuple[Any, Any]]
    kernel_backward: Callable[..., tuple[Any, ...]]
    lease: Any
    transition_with: Any
    layer: int
    reverse: bool
    sizes: Any
    turn: Any

    def forward(
        ctx, x: Array, *inputs: Array, transition_with: Any, layer: int, reverse: bool, for_backward: bool,
        sizes: Any = None, **options: Any,
    ) -> Any:  # fmt: skip
        ctx.transition_with, ctx.layer, ctx.reverse, ctx.sizes = transition_with, layer, reverse, sizes
        ctx.turn = turned(sizes) if reverse and sizes is not None else None  # a kernel's way back needs equal lengths
        if ctx.turn is not None:
            x, reverse = x[ctx.turn], False
        states, weights = inputs[: ctx.n_states], inputs[ctx.n_states :]
        (output, *end), ctx.lease = ctx.kernel_forward(x, states, weights, reverse, for_backward, sizes, **options)
        return (output if ctx.turn is None else output[ctx.turn], *end)

    def _pick_saved(ctx, edges, inputs, out):
        """All inputs, for `recompute`, and what the kernel needs."""
        lease, ctx.lease = ctx.lease, None
        return (*inputs[: len(edges)], lease)

    def backward(ctx, *gs: Array) -> tuple[Array, ...]:
        if ctx.turn is not None and gs[0] is not None:
            gs = (gs[0][ctx.turn], *gs[1:])
        gradients = ctx.kernel_backward(ctx.saved_tensors[-1], *gs, wants_dx=ctx.edges[0] is not None)
        if ctx.turn is not None and gradients[0] is not None:
            gradients = (gradients[0][ctx.turn], *gradients[1:])
        return tuple([g if edge else None for g, edge in zip(gradients, ctx.edges, strict=True)])

    def lifted(ctx, tensor_class: Any) -> Any:
        """The node for recorded gradients: it differentiates through its steps."""
        return Stepwise(ctx)

    def recompute(ctx) -> tuple[Tensor, ...]:
        """The outputs again, by the readable steps from the node's own inputs. `expand`, pictures and studies call it."""
        return _outputs(ctx, _inputs(ctx))


class FusedRNN(FusedLayer):
    """`cells.rnn_transition` over a sequence."""

    kernel_forward: Callable[..., tuple[Any, Any]] = staticmethod(RNN.forward)
    kernel_backward: Callable[..., tuple[Any, ...]] = staticmethod(RNN.backward)


class FusedLSTM(FusedLayer):
    """`cells.lstm_transition` over a sequence."""

    n_states = 2
    kernel_forward: Callable[..., tuple[Any, Any]] = staticmethod(LSTM.forward)
    kernel_backward: Callable[..., tuple[Any, ...]] = staticmethod(LSTM.backward)


class FusedGRU(FusedLayer):
    """`cells.gru_transition` over a sequence."""

    adds_biases = False
    kernel_forward: Callable[..., tuple[Any, Any]] = staticmethod(GRU.forward)
    kernel_backward: Callable[..., tuple[Any, ...]] = staticmethod(GRU.backward)


def sequence_node(
    op: type[FusedLayer], transition_with: Callable[[Weights], Transition], x: Tensor, state: State, weights: Weights,
    layer: int, reverse: bool, **options: Any,
) -> tuple[Tensor, State]:  # fmt: skip
    """One layer in one direction over x (T, B, I) as one node; returns the outputs (T, B, H) and the last state."""
    inputs = (x, *state, *weights)
    mode = thread.mode
    outer = mode.scope
    mode.scope = Scope(outer.path, outer.call, layer, "reverse" if reverse else "forward", outer.step)
    options["for_backward"] = mode.grad_enabled and any(t is not None and t.requires_grad for t in inputs)
    try:
        output, *end = record_op(op, *inputs, transition_with=transition_with, layer=layer, reverse=reverse, **options)
    finally:
        mode.scope = outer
    return output, tuple(end)


class Stepwise:
    """Stands in for a fused node while gradients are recorded: the same gradients, through the readable steps."""

    def __init__(self, node: FusedLayer):
        self.node = node

    def backward(self, *gs: Any) -> tuple[Any, ...]:
        """The gradients as Tensors, through the expanded steps."""
        node = self.node
        inputs = _aliased(_inputs(node))
        outputs = _outputs(node, inputs, ahead=True)
        reached = [(out._edge, g) for out, g in zip(outputs, gs, strict=True) if g is not None]
        asked = [x._edge for x in inputs if isinstance(x, Tensor) and x._edge is not None]
        ends, seeds = [edge for edge, _ in reached if edge is not None], [g for _, g in reached]
        found = engine.backward(ends, seeds, asked, retain=True, lift=Tensor, into_leaves=False)
        return tuple([found[x._edge] if isinstance(x, Tensor) and x._edge is not None else None for x in inputs])


def expand(node: Node) -> tuple[Tensor, ...]:
    """Open a fused node: its outputs again, computed by the readable steps from the node's own inputs.

    The graph of the result leads to where the inputs came from, one node per operation, tagged with layer,
    direction and time step. Values and gradients equal those of the fused node.

    Raises TypeError for a node that is not fused, RuntimeError if backward has released its inputs.
    """
    if isinstance(node, Cast) and node.edges[0] is not None and isinstance(node.edges[0][0], FusedLayer):
        return narrow(node.edges[0][0].recompute())  # a float16 layer runs in float32 before its output is rounded
    if not isinstance(node, FusedLayer):
        raise TypeError(f"expand(): {node.name()} is not a fused node; it is already a single operation")
    return node.recompute()


def _inputs(node: FusedLayer) -> list[Any]:
    """The inputs of the node as Tensors on their edges."""
    if node.saved_tensors is FREED:
        raise RuntimeError(freed_message(node))
    values = node.saved_tensors[:-1]
    return [v if v is None else Tensor._of(v, edge) for v, edge in zip(values, node.edges, strict=True)]


def _aliased(inputs: list[Any]) -> list[Any]:
    """The inputs behind a node of their own each: gradients asked for there stop there, even where a weight was
    also used to compute another input."""
    with enable_grad():
        return [x if x is None else record_op(Reshape, x, shape=x.array.shape) for x in inputs]


def _sent_by(x: Tensor, weights: Weights, adds_biases: bool) -> tuple[Tensor, Weights]:
    """W_ih x + b for all steps in one product, and the weights that are left."""
    W_ih, W_hh, b_ih, b_hh = weights
    if adds_biases and b_ih is not None:
        return linear(x, W_ih, b_ih + b_hh), (None, W_hh, None, None)
    return linear(x, W_ih, b_ih), (None, W_hh, None, b_hh)


def _outputs(node: FusedLayer, inputs: list[Any], ahead: bool = False) -> tuple[Tensor, ...]:
    """Run the readable steps; the scope is the node's own, with time steps. `ahead`: what x sends is computed first."""
    x, *rest = inputs
    states, weights = tuple(rest[: node.n_states]), tuple(rest[node.n_states :])
    mode = thread.mode
    outer, mode.scope = mode.scope, node.scope
    try:
        with enable_grad():
            if ahead:
                x, weights = _sent_by(x, weights, node.adds_biases)
            xs = x.unbind(0)
            if node.sizes is not None:
                xs = [x_t[:n] for x_t, n in zip(xs, node.sizes, strict=True)]
            outputs, state = through_time(node.transition_with(weights), xs, states, node.layer, node.reverse)
            if node.sizes is not None:  # what lies beyond the end of a sequence is never used
                outputs = [cat([h, h.new_zeros(x.array.shape[1] - len(h), h.shape[1])]) for h in outputs]
            return (stack(outputs), *state)
    finally:
        mode.scope = outer
