"""What of a module is saved: its numbers under their paths, and taking them over from such a dict."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from .._tensor import Tensor
from .loading import IncompatibleKeys, read_state
from .module_tree import M, ModuleTree


class Saving(ModuleTree):
    """The part of Module that gives and takes its state."""

    _transient: set[str]  # buffers that state_dict leaves out

    def state_dict(
        self, *, destination: Any = None, prefix: str = "", keep_vars: bool = False
    ) -> OrderedDict[str, Tensor]:
        """All parameters and persistent buffers by path. They share memory with the module."""
        state = OrderedDict() if destination is None else destination
        for path, module in self.named_modules(prefix=prefix.removesuffix("."), remove_duplicate=False):
            start = f"{path}." if path else ""
            for name, value in (*module._parameters.items(), *module._buffers.items()):
                if value is not None and name not in module._transient:
                    state[start + name] = value if keep_vars else value.detach()
        return state

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Copy values into parameters and buffers by path; nothing is changed if any key, shape or value is wrong.

        strict  missing and unexpected keys are errors; else they are returned
        assign  let parameters take over the given memory instead of copying into theirs

        Raises RuntimeError that lists every missing key, unexpected key and wrong shape.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"load_state_dict(): expected a dict, got {type(state_dict).__name__}")
        own = self.state_dict(keep_vars=True)
        missing = [key for key in own if key not in state_dict]
        unexpected = [key for key in state_dict if key not in own]
        values, problems = read_state(state_dict, own)
        if strict:
            problems = [*([f"unexpected keys: {_quoted(unexpected)}"] if unexpected else []),
                        *([f"missing keys: {_quoted(missing)}"] if missing else []), *problems]  # fmt: skip
        if problems:
            raise RuntimeError(f"Error(s) in loading state_dict for {type(self).__name__}:\n\t" + "\n\t".join(problems))
        for key, source in values.items():
            if assign:
                own[key].data = source
            else:
                own[key].data.copy_(source)
        return IncompatibleKeys(missing, unexpected)

    def __deepcopy__(self: M, memo: dict[int, Any]) -> M:
        twin = object.__new__(type(self))
        memo[id(self)] = twin
        hooks = self.__dict__["_forward_pre_hooks"].values()
        made = {getattr(hook, "makes", None) for hook in hooks}  # what they compute before each call is not copied
        for name, value in self.__dict__.items():
            try:
                copied = copy.deepcopy(value.detach() if name in made else value, memo)
            except RuntimeError as error:
                if name == "_buffers":
                    name = next((key for key, b in value.items() if b is not None and not b.is_leaf), name)
                raise error if name == "_modules" else RuntimeError(f"{type(self).__name__}.{name}: {error}") from None
            object.__setattr__(twin, name, copied)
        return twin

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError(
            f"a whole module ({type(self).__name__}) is not pickled: tinygrad_rnn.save(module, path) writes it as data, "
            f"load(path, weights_only=False) reads it"
        )


def _quoted(keys: list[str]) -> str:
    return ", ".join(f'"{key}"' for key in keys)
