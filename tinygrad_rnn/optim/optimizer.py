"""Optimizer: which tensors are changed, with which options, and what is remembered between steps.

An optimizer changes leaf tensors in place, using the gradients that backward left in `.grad`. What all
of them share is here; the rule of each is a few NumPy lines in its own file (sgd.py, adam.py, ...).

    param_groups   a list of dicts: "params" and the options (lr, ...) for those parameters
    state          parameter -> what its rule remembers: {"step": ..., "exp_avg": ...}
    defaults       the options of groups that do not set their own
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Callable, Iterable
from math import inf
from typing import Any

import numpy as np

from .._mode import enable_grad
from .._quiet import quiet
from .._tensor import Tensor
from ..arrays import is_foreign, kind_of
from ..create import as_tensor
from ..dtypes import float32
from ..graph import RemovableHandle, tick
from ..ops.function import is_half
from ..ops.inplace import log_write

Check = tuple[str, Callable[[Any], bool]]  # what is allowed, in words; is this value? (NaN never is)
FROM_ZERO: Check = ("a finite number, 0 or more", lambda v: 0 <= v < inf)
UP_TO_ONE: Check = ("a number from 0 to 1", lambda v: 0 <= v <= 1)
TWO_BELOW_ONE: Check = (
    "two numbers, each at least 0 and below 1",
    lambda v: len(v) == 2 and all(0 <= b < 1 for b in v),
)


required: object = object()  # PyTorch's older default of an option that must be given


class Optimizer:
    """Base of all optimizers. A new one needs `defaults` and `_update`, or a `step` of its own.

    params    tensors (a list or a generator), or dicts {"params": tensors, option: value, ...}
    defaults  the options of groups that do not set their own

    Raises ValueError for no parameters, a parameter given twice, a computed tensor, an option out of range.
    """

    checks: dict[str, Check] = {}  # option -> its range
    buffers: tuple[str, ...] = ()  # state tensors that have the parameter's shape
    _stepped = False  # schedulers warn when they are stepped first

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]):
        self.defaults = defaults
        self._hooks: tuple[dict[int, Any], dict[int, Any]] = ({}, {})  # before and after a step
        self.state: defaultdict[Tensor, dict[str, Any]] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        given = _listed(type(self).__name__, params)
        if not given:
            raise ValueError(
                f"{type(self).__name__}: got an empty parameter list; a generator such as model.parameters() "
                f"can be used once, and a filter may have let nothing through"
            )
        for group in given if isinstance(given[0], dict) else [{"params": given}]:
            self.add_param_group(group)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Optimize more parameters: {"params": tensors, option: value, ...}, for example a layer just unfrozen."""
        name = type(self).__name__
        if not isinstance(param_group, dict):
            raise TypeError(f"{name}: a param group must be a dict, got {type(param_group).__name__}")
        if "params" not in param_group:
            raise ValueError(f"{name}: a param group needs the key 'params', got {sorted(param_group)}")
        params = param_group["params"]
        group = {**param_group, "params": [params] if isinstance(params, Tensor) else _listed(name, params)}
        if group["params"] and all(isinstance(p, tuple) and len(p) == 2 for p in group["params"]):
            group["param_names"] = [named for named, _ in group["params"]]  # from model.named_parameters()
            group["params"] = [p for _, p in group["params"]]
        for option, value in self.defaults.items():
            group.setdefault(option, value)
        self._check_options(group)
        known = {id(p) for other in self.param_groups for p in other["params"]}
        for number, p in enumerate(group["params"]):
            _check_parameter(name, number, p)
            if id(p) in known:
                raise ValueError(f"{name}: parameter {number} of shape {list(p.shape)} is given more than once")
            known.add(id(p))
        self.param_groups.append(group)

    def _check_options(self, group: dict[str, Any]) -> None:
        for option, (allowed, holds) in self.checks.items():
            value, name = group[option], type(self).__name__
            try:
                fits = holds(value)
            except (TypeError, RuntimeError):
                kind = type(value).__name__
                raise TypeError(f"{name}: {option} must be {allowed}, got {value!r} of type {kind}") from None
            if not fits:
                raise ValueError(f"{name}: {option} must be {allowed}, got {value!r}")

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients: set them to None, or fill them with zeros."""
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                if set_to_none:
                    p.grad = None
                else:
                    p.grad.detach_().zero_()

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change every parameter that has a gradient, once.

        closure  computes the loss anew and calls backward; its loss is returned
        """
        loss = None
        for hook in tuple(self._hooks[0].values()):
            hook(self, () if closure is None else (closure,), {})
        if closure is not None:
            with enable_grad():
                loss = closure()
        self._apply()
        self._stepped = True
        for hook in tuple(self._hooks[1].values()):
            hook(self, () if closure is None else (closure,), {})
        return loss

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` before each step."""
        return self._register(0, hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` after each step."""
        return self._register(1, hook)

    def _register(self, when: int, hook: Any) -> RemovableHandle:
        key = tick()
        self._hooks[when][key] = hook
        return RemovableHandle(self._hooks[when], key)

    @quiet
    def _apply(self) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                if p._grad is None:
                    continue
                g = p._grad.array
                if g.shape != p.array.shape:
                    raise RuntimeError(
                        f"{type(self).__name__}: a parameter of shape {list(p.shape)} has a gradient of shape "
                        f"{list(g.shape)}; call zero_grad() after giving it data of another shape"
                    )
                if not p.array.flags.writeable:
                    raise RuntimeError(
                        f"{type(self).__name__}: several elements of a parameter (shape {list(p.shape)}) share one "
                        f"place in memory, as after expand(), so it cannot be changed; clone() it first"
                    )
                update = self._update_half if is_half(p) else self._update
                update(p, np.negative(g, out=np.empty_like(g)) if group.get("maximize") else g, group)
                log_write(p.array)  # a graph that saved the old values must not be used any more

    def _update(self, p: Any, g: np.ndarray, group: dict[str, Any]) -> None:
        """Change `p.array` in place by its gradient `g`, which must be left as it is."""
        raise NotImplementedError(f"{type(self).__name__} needs a method step() or _update(p, g, group)")

    def _update_half(self, p: Any, g: np.ndarray, group: dict[str, Any]) -> None:
        """The same for float16: the update runs in float32; then parameter and state are rounded, once."""
        state, wide = self.state[p], Tensor._of(p.array.astype(float32))
        self.state[wide] = {
            name: Tensor._of(value.array.astype(float32)) if is_half(value) else value for name, value in state.items()
        }
        try:
            self._update(wide, g.astype(float32), group)
            found = self.state[wide]
        finally:
            del self.state[wide]
        with np.errstate(over="ignore"):  # what is too large for float16 becomes Inf
            p.array[...] = wide.array
            for name, value in found.items():
                if is_half(state.get(name)):
                    state[name].array[...] = value.array
                elif name != "step" and isinstance(value, Tensor) and value.dtype == float32:
                    state[name] = Tensor._of(value.array.astype(p.dtype))
                else:
                    state[name] = value

    def _count(self, p: Any) -> float:
        """How often `p` was changed, this time included: 1, 2, ... Kept in state[p]["step"] as a tensor."""
        step = self.state[p].get("step", 0)
        if not isinstance(step, Tensor):
            step = self.state[p]["step"] = Tensor._of(np.asarray(step, dtype=float32))
        step.array += 1
        return step.array.item()

    def _buffer(self, p: Any, name: str) -> np.ndarray:
        """The array of state[p][name], of the parameter's shape: zeros at first."""
        state = self.state[p]
        if name not in state:
            state[name] = Tensor._of(np.zeros_like(p.array))
        return state[name].array

    # --- saving ---------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """{"state": {number: state}, "param_groups": [options and "params": numbers]}, as PyTorch's.

        Parameters are numbered in the order of the groups. The state tensors are the living ones.
        """
        number = {id(p): n for n, p in enumerate(self._parameters())}
        groups = [{**group, "params": [number[id(p)] for p in group["params"]]} for group in self.param_groups]
        state = {number.get(id(p), p): values for p, values in self.state.items()}
        return {"state": state, "param_groups": [_params_last(group) for group in groups]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over options and state from `state_dict()`, copied, in the parameters' own types.

        Raises ValueError, and changes nothing, if the groups or shapes are not those of this optimizer.
        """
        if not isinstance(state_dict, dict) or not {"state", "param_groups"} <= set(state_dict):
            found = (
                f"a dict of {sorted(map(str, state_dict))}"
                if isinstance(state_dict, dict)
                else type(state_dict).__name__
            )
            raise (KeyError if isinstance(state_dict, dict) else TypeError)(
                f"{type(self).__name__}.load_state_dict: expected what state_dict() gives, a dict with 'state' and "
                f"'param_groups', got {found}"
            )
        saved = state_dict["param_groups"]
        sizes, mine = [len(g["params"]) for g in saved], [len(g["params"]) for g in self.param_groups]
        if sizes != mine:
            raise ValueError(
                f"{type(self).__name__}.load_state_dict: the saved optimizer had groups of {sizes} parameters, "
                f"this one has {mine}"
            )
        of_number = dict(zip((n for group in saved for n in group["params"]), self._parameters(), strict=True))
        state: defaultdict[Any, dict[str, Any]] = defaultdict(dict)
        for number, values in state_dict["state"].items():
            p = of_number.get(number)
            if p is None:
                state[number] = copy.deepcopy(values)
                continue
            for name in self.buffers:
                if values.get(name) is not None and tuple(np.shape(values[name])) != p.array.shape:
                    raise ValueError(
                        f"{type(self).__name__}.load_state_dict: {name} of parameter {number} has shape "
                        f"{list(np.shape(values[name]))}, the parameter has {list(p.shape)}"
                    )
            state[p] = {name: _own(name, value, p) for name, value in values.items()}
        groups = [
            {**self.defaults, **copy.deepcopy({k: v for k, v in new.items() if k != "params"}), "params": old["params"]}
            for new, old in zip(saved, self.param_groups, strict=True)
        ]
        self.state, self.param_groups = state, groups

    def _parameters(self) -> Iterable[Tensor]:
        return (p for group in self.param_groups for p in group["params"])

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for number, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {number}")
            lines += [f"    {key}: {group[key]}" for key in sorted(group) if key != "params"]
        return "\n".join([*lines, ")"])


def decayed(x: np.ndarray, g: np.ndarray, weight_decay: float) -> np.ndarray:
    """g + weight_decay · x, the gradient of the loss plus weight_decay/2 · |x|². `g` itself if there is no decay."""
    if not weight_decay:
        return g
    t = np.multiply(x, weight_decay, out=np.empty_like(x))
    t += g
    return t


def move_mean_square(v: np.ndarray, g: np.ndarray, beta: float, t: np.ndarray) -> None:
    """v ← β v + (1 - β) g², in place; `t` is memory to work in."""
    v *= beta
    np.multiply(g, g, out=t)
    t *= 1 - beta
    v += t


def check_execution(name: str, options: dict[str, Any]) -> None:
    """Options of PyTorch that only choose how an update is computed are accepted and change nothing.

    They are foreach, fused and capturable; a gradient through the update (differentiable=True) raises.
    """
    for option, value in options.items():
        if option not in ("foreach", "fused", "capturable", "differentiable"):
            raise TypeError(f"{name}: unknown argument {option!r}")
        if option == "differentiable" and value:
            raise NotImplementedError(f"{name}: differentiable=True is not supported; updates are not recorded")


def _listed(name: str, params: Any) -> list[Any]:
    """The parameters of an iterable as a list; sets have no order and are refused."""
    if isinstance(params, Tensor):
        raise TypeError(f"{name}: expected several tensors or dicts, got one Tensor; put it in a list")
    if isinstance(params, (set, frozenset)):
        raise TypeError(f"{name}: parameters need an order that stays the same between runs; use a list, not a set")
    if isinstance(params, dict):
        raise TypeError(f"{name}: expected a list of tensors or dicts, got one dict; put it in a list")
    try:
        return list(params)
    except TypeError:
        hint = "; call it: model.parameters()" if callable(params) else ""
        raise TypeError(f"{name}: expected tensors or dicts, got {type(params).__name__}{hint}") from None


def _check_parameter(name: str, number: int, p: Any) -> None:
    if not isinstance(p, Tensor):
        hint = "; use model.parameters(), not named_parameters()" if isinstance(p, tuple) else ""
        hint = "; from_torch(model) makes a model of ours" if is_foreign(p) else hint
        raise TypeError(f"{name}: can only optimize Tensors, but parameter {number} is a {kind_of(p)}{hint}")
    if not (p.is_leaf or p.retains_grad):
        raise ValueError(
            f"{name}: can't optimize a non-leaf Tensor; parameter {number} of shape {list(p.shape)} was computed "
            f"by {p.grad_fn}. Use x.detach().requires_grad_()"
        )


def _params_last(group: dict[str, Any]) -> dict[str, Any]:
    return {**{key: value for key, value in group.items() if key != "params"}, "params": group["params"]}


def _own(name: Any, value: Any, p: Tensor) -> Any:
    """A copy of one state value for parameter `p`, in its type; a step count keeps its own."""
    if isinstance(value, (Tensor, np.ndarray)):
        array = as_tensor(value).array
        return Tensor._of(np.array(array, dtype=array.dtype if name == "step" else p.array.dtype, order="C"))
    if isinstance(value, (list, tuple)):
        return type(value)(_own(name, part, p) for part in value)
    return copy.deepcopy(value)
