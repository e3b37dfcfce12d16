"""The chain rule of a small recurrent graph written out, step by step: in symbols, and with the numbers put in."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._figure import COLOURS, headline, new_figure
from .._tensor import Tensor
from .history import History
from .pathways import crossing_of, left_out
from .results import Result, Table, norm
from .steps import Track
from .weights import contributions

LARGEST = 24  # numbers in a state or weight that are all written out
SHOWN = 3  # rows of a larger one, and numbers of a row
LONGEST = 12  # steps


class Term:
    """One equation: its time step, kind, both forms of its symbols, and the numbers whose sum is the last.

    kind     "state": ∂L/∂s_t as the sum of what enters and what comes back; "slope": through tanh; "use": what the
             step adds to the weight's gradient; "sum": the gradient
    numbers  the summands, and then the result (once alone, if there is one)
    """

    def __init__(self, step: int | None, kind: str, name: str, text: str, latex: str, numbers: list[np.ndarray]):
        self.step: int | None = step
        self.kind: str = kind
        self.name: str = name
        self.text: str = text
        self.latex: str = latex
        self.numbers: list[np.ndarray] = numbers

    def _in_numbers(self, form: Any, equals: str) -> str:
        *parts, whole = self.numbers
        return equals.join([*([" + ".join(map(form, parts))] if parts else []), form(whole)])

    def as_text(self) -> str:
        """In plain characters."""
        return f"{self.text} = {self._in_numbers(_plain, ' = ')}"

    def as_latex(self) -> str:
        """Without the dollar signs."""
        return rf"{self.latex} = {self._in_numbers(_matrix, ' = ')}"


class Work(Result):
    """The gradient of a weight written out; printed, as text. `terms` are its equations in the order of backward."""

    def __init__(self, name: str, terms: list[Term]):
        self.name: str = name
        self.terms: list[Term] = terms

    def finding(self) -> str:
        """How many uses add up to what."""
        uses = sum(term.kind == "use" for term in self.terms)
        return f"∂L/∂{self.name} is the sum of {uses} uses, and is written out from the last step to the first"

    def text(self) -> str:
        """Plain text, a block for each time step."""
        blocks = [
            f"{_title(step)}\n" + "\n".join(f"  {term.as_text()}" for term in terms) for step, terms in self._steps()
        ]
        return "\n\n".join(blocks)

    def markdown(self) -> str:
        """Markdown with formulas between dollar signs, a heading for each time step."""
        blocks = [
            f"### {_title(step)}\n\n" + "\n\n".join(f"$${term.as_latex()}$$" for term in terms)
            for step, terms in self._steps()
        ]
        return "\n\n".join(blocks) + "\n"

    def latex(self) -> str:
        """An align* environment, for documents that load amsmath."""
        lines = [term.as_latex().replace(" = ", " &= ", 1) for term in self.terms]
        return "\\begin{align*}\n" + " \\\\\n".join(lines) + "\n\\end{align*}\n"

    def _steps(self) -> list[tuple[int | None, list[Term]]]:
        found: dict[int | None, list[Term]] = {}
        for term in self.terms:
            found.setdefault(term.step, []).append(term)
        return list(found.items())

    def __repr__(self) -> str:
        return f"{self.finding()}\n\n{self.text()}"

    def _repr_markdown_(self) -> str:
        return self.markdown()

    def table(self) -> Table:
        """A row for each equation: step, kind, symbols, norm of its result."""
        return Table(
            ("t", "kind", "equation", "norm"), [(x.step, x.kind, x.text, norm(x.numbers[-1])) for x in self.terms]
        )

    def plot(self) -> Any:
        """The norms of what each step's state gets from outside and from the step after."""
        figure, [[ax]] = new_figure()
        states = [term for term in self.terms if term.kind == "state" and term.step is not None]
        steps = [term.step for term in states if term.step is not None]
        for k, name in enumerate(("enters at t", "comes from t+1")):
            heights = [norm(term.numbers[k]) if len(term.numbers) > 2 or k == 0 else 0.0 for term in states]
            ax.bar(np.array(steps) + 0.4 * k - 0.2, heights, 0.4, color=COLOURS[k], hatch=("", "//")[k], label=name)
        ax.set(xlabel="time step t", ylabel="norm, of a part of ∂L/∂state at t")
        ax.set_xticks(sorted(set(steps)))
        ax.legend(frameon=False)
        headline(ax, self.finding())
        return figure


def show_work(loss: Any, weight: Tensor) -> Work:
    """Write the chain rule of a weight's gradient out, for a few steps: symbols, and numbers, per time step.

        print(show_work(loss, W))              # text
        show_work(loss, W).latex()             # and .markdown()

    For each step, from the last to the first: ∂L/∂s_t is what enters there from the loss and what comes back from
    the step after; through tanh it becomes (1 - h²) ⊙ ∂L/∂h; times what the weight met, that is what the step adds to the
    gradient. This is lecture 004's derivation with the recurrent term that its slides leave out.

    Of states and weights with more than 24 numbers the first are written; `terms` have all of them.

    Raises ValueError for more than 12 steps, RuntimeError if the graph has no time steps.
    """
    with History.of(loss) as past:
        past.steps.need()
        tracks = past.steps.tracks
        _check_small(tracks)
        found = contributions(past, weight)
        edges = [edge for track in tracks for edge in track.edges.values()]
        whole = past.arriving(edges)
        terms: list[tuple[float, Term]] = []
        for k, track in enumerate(tracks):
            with left_out(crossing_of(past, track)):
                entering = past.arriving(list(track.edges.values()))
            order = list(track.edges)
            for j, t in enumerate(order):
                if track.edges[t] in whole:
                    after = order[j + 1] if j + 1 < len(order) else None
                    arrived, enters = whole[track.edges[t]], entering.get(track.edges[t])
                    terms += [(-t + k / 100, term) for term in _of_state(past, track, t, after, arrived, enters)]
    name = "W" if found.name.startswith("a tensor") else found.name
    for t, part in zip(found.steps, found.parts, strict=True):
        at = "" if t is None else f"_{t}"
        text, latex = (
            f"∂L/∂{name} by its use{'' if t is None else f' at t={t}'}",
            rf"\left.\frac{{\partial L}}{{\partial {_tex(name)}}}\right|{at}",
        )
        terms.append((1e9 if t is None else -t + 0.9, Term(t, "use", name, text, latex, [part])))
    ordered = [term for _, term in sorted(terms, key=lambda entry: entry[0])]
    total = Term(
        None,
        "sum",
        name,
        f"∂L/∂{name}",
        rf"\frac{{\partial L}}{{\partial {_tex(name)}}}",
        [*found.parts[::-1], found.total],
    )
    return Work(name, [*ordered, total])


def _check_small(tracks: list[Track]) -> None:
    steps = max(len(track.edges) for track in tracks)
    if steps > LONGEST:
        raise ValueError(
            f"show_work: {steps} steps are too many to write out; it takes {LONGEST}: compute the loss of a shorter "
            f"sequence. walk(loss) goes through graphs of any size"
        )


def _of_state(
    past: History, track: Track, t: int, after: int | None, whole: np.ndarray, enters: np.ndarray | None
) -> list[Term]:
    """∂L/∂s_t as a sum, and through tanh where the state is one."""
    s = track.label
    enters = np.zeros_like(whole) if enters is None else enters
    here, left = f"∂L/∂{s}_{t}", rf"\frac{{\partial L}}{{\partial {_tex(s)}_{{{t}}}}}"
    if after is None:
        terms = [Term(t, "state", s, here, left, [whole])]
    else:
        text = f"{here} = ∂L/∂{s}_{t} directly + by way of t={after}"
        latex = rf"{left} = \frac{{\partial L_{{{t}}}}}{{\partial {_tex(s)}_{{{t}}}}} + \left(\frac{{\partial s_{{{after}}}}}{{\partial {_tex(s)}_{{{t}}}}}\right)^{{\!\top}} \frac{{\partial L}}{{\partial s_{{{after}}}}}"
        terms = [Term(t, "state", s, text, latex, [enters, whole - enters, whole])]
    node = track.edges[t][0]
    value = past.value(track.edges[t])
    if type(node).__name__ == "Tanh" and value is not None:
        text = f"(1 - {s}_{t}²) ⊙ ∂L/∂{s}_{t}"
        latex = rf"(1 - {_tex(s)}_{{{t}}}^2) \odot {left}"
        terms.append(Term(t, "slope", s, text, latex, [(1 - value**2) * whole]))
    return terms


def _title(step: int | None) -> str:
    return "all steps" if step is None else f"t = {step}"


def _tex(name: str) -> str:
    """A name as LaTeX: "h" stays, longer names are upright."""
    return name if len(name) == 1 else rf"\mathrm{{{name.replace('_', chr(92) + '_')}}}"


def _plain(array: np.ndarray, small: bool | None = None) -> str:
    if array.ndim == 0:
        return f"{float(array) + 0.0:.6f}"
    small = array.size <= LARGEST if small is None else small
    shown = array if small else array[:SHOWN]
    rest = ["…"] * (len(shown) < len(array))
    return f"[{', '.join([_plain(row, small) for row in shown] + rest)}]"


def _matrix(array: np.ndarray) -> str:
    rows = array.reshape(1, -1) if array.ndim < 2 else array.reshape(len(array), -1)
    height, width = rows.shape if array.size <= LARGEST else (SHOWN, SHOWN)
    right = [r"\cdots"] * (width < rows.shape[1])
    lines = [" & ".join([*(f"{float(x) + 0.0:.6f}" for x in row[:width]), *right]) for row in rows[:height]]
    body = r" \\ ".join([*lines, *[r"\vdots"] * (height < len(rows))])
    return rf"\begin{{bmatrix}} {body} \end{{bmatrix}}"
