"""The package is built in floors: a file imports only from below, so it can be read from the bottom up.

A new file fits into the table without a change if its folder is there; a new folder or top-level file needs a row.
"""

from __future__ import annotations

import ast
import functools
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1] / "tinygrad_rnn"

# From the ground up. A name stands for a file or a folder. Files of one row may not import each other, files of
# one folder may, as long as no circle arises. The longest name that fits counts: `nn.init` is not in the row of `nn`.
FLOORS = [
    ["_quiet"],
    ["_figure", "_forks", "_malloc", "_mode", "_device", "_left_out", "atomic", "threads", "trees"],
    ["dtypes", "random", "kernels", "_missing_names"],
    ["arrays", "config"],
    ["graph"],
    ["ops.function", "ops.erf"],
    ["ops.checks", "ops.basic"],
    ["ops.inplace", "ops.widening"],
    ["engine", "recording"],
    ["ops"],
    ["gradients", "printing", "pixels"],
    ["_tensor"],
    ["create", "torch_paths", "linalg", "functional", "special", "types"],
    ["ranges", "testing", "amp", "profiler", "distributed", "version", "multiprocessing"],
    ["autograd", "utils.data"],
    ["nn.parameter", "nn.functional"],
    ["nn.init", "nn.backward_hooks", "nn.loading", "nn.wrong_input"],
    ["nn.module_tree"],
    ["nn.saving"],
    ["nn.module"],
    ["nn"],
    ["optim", "jit", "func"],
    ["models", "distributions", "further"],
    ["interop", "data", "utils"],
    ["runs", "tasks.generators", "tasks.sources"],
    ["serialization"],
    ["tasks"],
    ["notes"],
    ["study"],
    ["runs.outcome"],
    ["runs.loop"],
    ["fitting"],
    ["runs.setup"],
    ["viz.style", "viz.errors"],
    ["viz.plots"],
    ["viz.model"],
    ["viz.place"],
    ["viz.write"],
    ["viz.page"],
    ["viz"],
    ["comparing"],
    ["claims"],
    ["accelerator", "cuda", "backends"],
    [""],  # tinygrad_rnn/__init__.py itself: the public names
    ["demo"],
    ["cli"],
    ["__main__"],
]

# Rows that must stay ignorant of more than their floor demands: they may import these and nothing else of ours.
ONLY = {
    "tasks.generators": [],
    "tasks.sources": [],
    "kernels": ["kernels", "threads", "_forks"],
    "graph": ["_mode"],
    "ops": ["_quiet", "_mode", "graph", "ops", "kernels", "dtypes", "arrays", "recording", "random", "_device"],
    "engine": ["_quiet", "_mode", "graph", "ops"],
    "viz": [
        "_figure",
        "_quiet",
        "_mode",
        "atomic",
        "pixels",
        "graph",
        "ops",
        "engine",
        "viz",
        "notes",
        "study",
        "_tensor",
        "nn.module",
    ],
    "study": [
        "_figure",
        "atomic",
        "_quiet",
        "_mode",
        "graph",
        "ops",
        "engine",
        "gradients",
        "study",
        "notes",
        "_tensor",
        "nn.module",
        "trees",
        "models.bptt",
    ],
}

# Words that may not stand in the code of a folder (names and attributes, not comments).
NOT_A_WORD = {
    "kernels": ["Tensor", "Node", "Leaf", "edges", "saved_tensors"],
    "ops": ["Tensor"],
    "graph": ["Tensor"],
    "engine": ["Tensor"],
}

# What the core may import from outside the standard library. Everything else serves one named purpose elsewhere.
OUTSIDE = {"numpy": "", "matplotlib": "_figure viz study demo cli", "graphviz": "viz", "pygraphviz": "viz"}
OUTSIDE |= {"numba": "kernels.compiled", "llvmlite": "kernels.compiled"}
OUTSIDE |= {
    "safetensors": "interop",
    "threadpoolctl": "threads",
    "tqdm": "utils cli demo data runs comparing",
    "torch": "interop",
    "distributed": "comparing.cluster",
}


def name_of(path: pathlib.Path) -> str:
    """The module's name inside the package: 'nn.linear', and '' for the package itself."""
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    if parts[-1] == "__init__":
        parts.pop()
    return ".".join(parts)


FILES = {name_of(path): path for path in sorted(ROOT.rglob("*.py"))}


def floor_of(module: str) -> tuple[int, str] | None:
    """The floor of a module and the name in the table that it falls under: the longest that fits."""
    best = None
    for floor, names in enumerate(FLOORS):
        for name in names:
            fits = module == name or (name and module.startswith(name + "."))
            if fits and (best is None or len(name) > len(best[1])):
                best = floor, name
    return best


def imports(module: str, everywhere: bool = True) -> set[tuple[str, int]]:
    """The modules of this package that `module` imports, with line numbers; top level only unless `everywhere`."""
    return _imports(module, FILES[module], everywhere)


@functools.cache
def _imports(module: str, path: pathlib.Path, everywhere: bool) -> set[tuple[str, int]]:
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    found = set()
    for node, for_types, inside in _told(path):
        if for_types or (inside and not everywhere):
            continue
        if isinstance(node, ast.ImportFrom):
            base = _base(node, package)
            if base is not None:
                for alias in node.names:
                    inner = f"{base}.{alias.name}" if base else alias.name
                    found.add((inner if inner in FILES else base, node.lineno))
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "tinygrad_rnn":
                    found.add((alias.name.partition(".")[2], node.lineno))
    return found


@functools.cache  # not of the trees: so many objects would keep the garbage collector busy in all later tests
def _told(path: pathlib.Path) -> list[tuple[ast.AST, bool, bool]]:
    """What the tests ask of a file, read once: its imports, calls of `open` and attributes named in WRITING.

    Each with whether it stands in an `if TYPE_CHECKING:` block, where annotations may name what stands above; and inside another statement.
    """
    found, waiting = [], [(ast.parse(path.read_text(encoding="utf-8")), False, -1)]
    while waiting:
        node, for_types, depth = waiting.pop()
        if isinstance(node, (ast.Import, ast.ImportFrom)) or _may_write(node):
            found.append((node, for_types, depth > 0))
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name):
            for_types = for_types or node.test.id == "TYPE_CHECKING"
        waiting += [(child, for_types, depth + 1) for child in ast.iter_child_nodes(node)]
    return found


def _may_write(node: ast.AST) -> bool:
    opens = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open"
    return opens or (isinstance(node, ast.Attribute) and node.attr in WRITING)


def _base(node: ast.ImportFrom, package: str) -> str | None:
    """Where `from X import ...` looks, inside the package; None if X is outside."""
    if node.level == 0:
        first, _, rest = (node.module or "").partition(".")
        return rest if first == "tinygrad_rnn" else None
    parts = package.split(".") if package else []
    parts = parts[: len(parts) - (node.level - 1)]
    return ".".join([*parts, *([node.module] if node.module else [])])


@pytest.mark.parametrize("module", FILES)
def test_a_file_imports_only_from_below(module):
    place = floor_of(module)
    assert place is not None, f"{module} has no floor: add it to FLOORS"
    floor, name = place
    for target, line in imports(module):
        below = floor_of(target)
        assert below is not None, f"{module}:{line} imports {target}, which has no floor"
        same_folder = below[1] == name
        assert below[0] < floor or same_folder, (
            f"{module}:{line} (floor {floor}, {name!r}) imports {target} (floor {below[0]}, {below[1]!r})"
        )


@pytest.mark.parametrize("name", ONLY)
def test_a_floor_knows_no_more_than_it_must(name):
    allowed = ONLY[name]
    for module in FILES:
        place = floor_of(module)
        if place is not None and place[1] == name:
            for target, line in imports(module):
                known = any(target == a or target.startswith(a + ".") for a in allowed)
                assert known, f"{module}:{line} imports {target}; {name} may only know {allowed}"


def test_there_are_no_circles():
    """Not inside a folder, and not by imports inside functions: read in the right order, every name has been met before."""
    state: dict[str, str] = {}

    def visit(module: str, path: tuple[str, ...]) -> None:
        if state.get(module) == "done":
            return
        assert state.get(module) != "open", f"circle: {' -> '.join((*path, module))}"
        state[module] = "open"
        for target, _ in sorted(imports(module)):
            if target in FILES and target != module:
                visit(target, (*path, module))
        state[module] = "done"

    for module in FILES:
        visit(module, ())


def _is_rule(part: ast.ClassDef) -> bool:
    return any(isinstance(method, ast.FunctionDef) and method.name in ("forward", "backward") for method in part.body)


@pytest.mark.parametrize("name", NOT_A_WORD)
def test_words_that_belong_to_higher_floors(name):
    """Rules never mention Tensor (the public functions below them may), kernels never mention the graph."""
    for module, path in FILES.items():
        if module == name or module.startswith(name + "."):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            rules = [part for part in tree.body if isinstance(part, ast.ClassDef) and _is_rule(part)]
            for node in [n for part in (rules if name == "ops" else [tree]) for n in ast.walk(part)]:
                word = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else None
                assert word not in NOT_A_WORD[name], f"{module}:{getattr(node, 'lineno', 0)} mentions {word}"


@pytest.mark.parametrize("module", FILES)
def test_other_packages_are_imported_only_where_they_serve(module):
    for node, *_ in _told(FILES[module]):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
        for name in names:
            first = name.split(".")[0]
            if first in sys.stdlib_module_names or first == "tinygrad_rnn":
                continue
            assert first in OUTSIDE, f"{module}:{node.lineno} imports {first}"
            allowed = OUTSIDE[first].split()
            inside = any(module == a or module.startswith(a + ".") for a in allowed)
            assert not allowed or inside, f"{module}:{node.lineno} imports {first}, which is for {allowed}"


WRITING = {"write_bytes", "mkdtemp", "savefig", "NamedTemporaryFile", "TemporaryFile", "mkstemp"}


@pytest.mark.parametrize("module", FILES)
def test_files_are_written_by_one_function_alone(module):
    """Or a stopped program, or a full disk, would leave half of one."""
    if module in ("atomic", "viz.plots", "_figure"):  # which hand matplotlib a piece of memory to write into
        return
    for node, *_ in _told(FILES[module]):
        if isinstance(node, ast.Attribute):
            assert node.attr not in WRITING, f"{module}:{node.lineno} calls {node.attr}: use atomic.write_atomically"
        if isinstance(node, ast.Call):
            modes = [
                a.value for a in [*node.args[1:], *[k.value for k in node.keywords]] if isinstance(a, ast.Constant)
            ]
            assert not set("wax+") & set("".join(map(str, modes))), f"{module}:{node.lineno} opens a file for writing"


def test_the_check_itself_sees_a_wrong_import(monkeypatch, tmp_path):
    """Relative, absolute and nested imports are all found."""
    file = tmp_path / "wrong.py"
    file.write_text(
        "from .._tensor import Tensor\nfrom .. import engine\nimport tinygrad_rnn.nn.module\n"
        "def late():\n    from tinygrad_rnn.nn import linear\n"
    )
    monkeypatch.setitem(FILES, "ops.wrong", file)
    assert {name for name, _ in imports("ops.wrong")} == {"_tensor", "engine", "nn.module", "nn.linear"}
    assert "nn.linear" not in {name for name, _ in imports("ops.wrong", everywhere=False)}
    with pytest.raises(AssertionError, match=r"ops.wrong:\d \(floor \d+, .ops"):
        test_a_file_imports_only_from_below("ops.wrong")
    with pytest.raises(AssertionError, match="may only know"):
        test_a_floor_knows_no_more_than_it_must("ops")
