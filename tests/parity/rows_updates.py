"""Sample calls that change a tensor: on a copy, so that gradients can be compared."""

from .samples import Row

PAIR = [("f8 2,3", "f8 2,3"), ("f8 2,3", "f8 3"), ("f8", "f8"), ("f8 3,2 T", "f8 2,3"), ("f4 2,3", "f4 3")]


def on_copy(*methods: str) -> list[str]:
    """The calls on a clone of x."""
    return [f"x.clone().{method}" for method in methods]


ROWS = [
    Row("arithmetic_", on_copy("add_(y)", "add_(y, alpha=-0.5)", "add_(2)", "sub_(y)", "sub_(1.5)", "mul_(y)", "mul_(0.5)", "div_(y)", "div_(2)", "pow_(2)",
                               "addcmul_(y, y, value=0.5)", "addcdiv_(y, y, value=-1)", "lerp_(y.expand_as(x), 0.25)", "remainder_(2)"), PAIR, (0.3, 2.0)),
    Row("functions_", on_copy("neg_()", "exp_()", "sqrt_()", "tanh_()", "sigmoid_()", "relu_()", "abs_()", "log_()", "floor_()", "round_()", "reciprocal_()"),
        ["f8 2,3", "f8", "f8 3,2 T", "f4 3", "f8 0"], (0.3, 2.0)),
    Row("choosing_", on_copy("clamp_(-1, 1)", "clamp_(min=0.5)", "clamp_min_(0)", "clamp_max_(0.25)", "masked_fill_(y > 0, -1e9)", "masked_fill_(y > 0, 0.5)", "copy_(y)"), PAIR),
    Row("fill_", on_copy("fill_(2)", "zero_()", "fill_(t.tensor(1.5))", "bernoulli_(1.0)", "random_(1)", "apply_(lambda v: v * 2)"),
        ["f8 2,3", "f8", "f8 3,2 T", "f4 3", "i8 3"], first=False),
    Row("places_", on_copy("scatter_(0, y, z)", "scatter_(0, y, 1.0)", "scatter_add_(0, y, z)", "index_fill_(0, y[:, 0], 2.0)", "scatter_(0, y, value=0.5)"),
        [("f8 3,2", "ix3 1,2", "f8 1,2"), ("f4 3,2", "ix3 1,2", "f4 1,2")]),
    Row("places_", on_copy("index_add_(0, y, z)", "index_add_(0, y, z, alpha=2)"), [("f8 3,2", "ix3 4", "f8 4,2"), ("f8 2,3 T", "ix3 2", "f8 2,2")]),
    Row("shape_", on_copy("unsqueeze_(0)", "unsqueeze_(-1)", "squeeze_()", "squeeze_(0)", "t_()", "transpose_(0, 1)"), ["f8 2,3", "f8 1,3", "f4 2,2", "f8 3,2 T"]),
    Row("operators_", [f"(a := x.clone(), b := a, exec(\"a {op} y\", {{'a': a, 'y': y}}), b)[3]" for op in ("+=", "-=", "*=", "/=")], PAIR, (0.3, 2.0)),
    Row("operators_", [f"(a := x.clone(), exec(\"a {op} 2\", {{'a': a}}), a)[2]" for op in ("+=", "-=", "*=", "/=", "**=", "%=")], [*PAIR[:1], ("f8 3", "f8")], (0.3, 2.0)),
    Row("augmented index", [f"(a := x.clone(), exec(\"{text}\", {{'a': a, 'y': y, 't': t}}), a)[2]" for text in (
        "a[0] += 1", "a[0] -= y[0]", "a[:, 0] *= 2", "a[0][1] += 1", "a[range(2), t.tensor([1, 0])] -= 1", "a[t.tensor(1)] += y[0]", "a[a > 0.5] *= 0.5", "a[0][0] = 3.0",
        "a.data[0, :] = -1.0", "a.data.mul_(0.5)", "a[:1].fill_(0.5)", "a[1].add_(y[1], alpha=2)")], [("f8 2,3", "f8 2,3"), ("f4 2,2", "f4 2,2")]),
]  # fmt: skip
