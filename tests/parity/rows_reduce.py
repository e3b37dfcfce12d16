"""Sample calls of the reductions."""

from .samples import Row

NONEMPTY = ["f8 3", "f8 2,3", "f8 3,2 T", "f8 2,1,4", "f4 3,2", "f8 1", "f8 4,3,2"]
ANY = [*NONEMPTY, "f8", "f8 0"]
MATRICES = ["f8 2,3", "f8 3,2 T", "f8 2,1,4", "f4 3,2", "f8 4,3,2", "f8 1,1", "f8 0,2", "f8 2,3,0"]
FULL = ["f8 2,3", "f8 3,2 T", "f8 2,1,4", "f4 3,2", "f8 4,3,2", "f8 1,1"]
INTS = ["i8 2,3", "i4 3,2", "u1 4,2", "b1 2,3", "i2 2,2"]
TIES = ["i8 2,5", "i8 3,4", "b1 2,3", "u1 2,4"]


def along(name: str, *more: str, inputs: list = FULL, domain=(-2.0, 2.0), **options) -> Row:
    """A reduction along one or more axes."""
    calls = [f"t.{name}(x, 0)", f"x.{name}(dim=1)", f"x.{name}(-1, keepdim=True)", f"x.{name}(1, True)",
             f"t.{name}(x, dim=-2)", f"t.{name}(x, dim=1, keepdim=True)"]  # fmt: skip
    return Row(name, [*calls, *more], inputs, domain, **options)


SEVERAL = ["(0, 1)", "(-1, 0)", "[1]", "dim=(0, 1), keepdim=True"]


def several(name: str, calls: list[str] = SEVERAL) -> list[str]:
    """Calls over several axes."""
    return [f"x.{name}({args})" for args in calls]


ROWS = [
    along("sum", *several("sum"), "x.sum(1, keepdims=True)", inputs=MATRICES),
    Row("sum", ["x.sum()", "t.sum(x)", "x.sum(dim=())", "x.sum(None)", "x.sum(dtype=t.float64)", "t.sum(input=x)"],
        [*ANY, "i8 2,3", "u1 4", "b1 3", "f4 special"]),
    along("sum", inputs=INTS),
    along("mean", *several("mean"), "x.mean(1, keepdims=True)", inputs=MATRICES),
    Row("mean", ["x.mean()", "t.mean(x)", "x.mean(dim=())", "x.mean(None)", "x.mean(dtype=t.float64)"], ANY),
    Row("mean", ["x.mean(dtype=t.float32)", "x.mean(0, dtype=t.float64)"], ["i8 2,3", "b1 3"]),
    Row("var", ["t.var(x, 0)", "x.var(dim=1)", "x.var(-1, keepdim=True)", "x.var(1, True)", "t.var(x, dim=-2)",
               "x.var(1, keepdim=True, unbiased=True)", "x.var(1, unbiased=False)", "x.var(1, False)", "x.var((0, 1))",
               "x.var((0, 1), keepdim=True)", "x.var(dim=-1, correction=0, keepdim=True)"], FULL),
    Row("var", ["x.var()", "t.var(x)", "x.var(unbiased=False)", "x.var(False)", "x.var(correction=0)"], NONEMPTY[:5]),
    Row("var", ["x.var()", "x.var(correction=0)", "t.var_mean(x)"], ["f8 1", "f8", "f8 0", "f8 1,1"], second=False),
    Row("var", ["x.var(0, correction=2)", "x.var(0, correction=1.5)", "x.var((0, 1), correction=4)"], ["f8 4,3,2", "f8 3,4"]),
    Row("std", ["t.std(x, 0)", "x.std(dim=1)", "x.std(-1, keepdim=True)", "x.std(1, False)", "x.std((0, 1))",
                "x.std(1, unbiased=False, keepdim=True)", "x.std(0, correction=0)"], ["f8 2,3", "f8 3,2 T", "f4 3,2", "f8 4,3,2"]),
    Row("std", ["x.std()", "t.std(x)", "x.std(unbiased=False)", "x.std(False)", "x.std(correction=0)"],
        ["f8 3", "f8 2,3", "f4 3,2"]),
    Row("std", ["(x * 0).std()", "(x * 0 + 1).std(0)", "(x * 0).std(-1, unbiased=False)"], ["f8 3", "f8 2,3"], second=False),
    Row("var_mean", ["t.var_mean(x)", "t.var_mean(x, 0)", "t.var_mean(x, dim=-1, keepdim=True)", "t.var_mean(x, 1, False)",
                     "t.var_mean(x, dim=(0, 1), correction=0)", "t.var_mean(x, False)", "t.var_mean(x, 0, unbiased=False)"], FULL[:5]),
    *[along(name, *several(name), inputs=FULL) for name in ("amax", "amin")],
    *[Row(name, [f"x.{name}()", f"t.{name}(x)", f"x.{name}(dim=())", f"x.{name}(-1)", f"t.{name}(x.round(), 0)",
                 f"t.{name}(x * 0)"],
          ["f8 3", "f8 2,3", "f8", "f8 1", "f4 3,2"]) for name in ("amax", "amin")],
    *[along(name, f"x.{name}(1, keepdim=True)[0]", f"x.{name}(0).values", f"x.{name}(1).indices", f"x.{name}(1)[1]",
            f"[*x.{name}(1)]", f"x.data.{name}(1, keepdim=True)[1]", inputs=[*FULL, *TIES]) for name in ("max", "min")],
    *[Row(name, [f"x.{name}()", f"t.{name}(x)", f"t.{name}(x.round())", f"t.{name}(x, 0)", f"x.{name}(-1)", f"(x * 0).{name}()"],
          ["f8 3", "f8 2,3", "f8", "f8 1", "f4 3,2", "i8 3", "f8 special"]) for name in ("max", "min")],
    *[Row(name, [f"t.{name}(x, y)", f"x.{name}(y)", f"x.{name}(other=y)"],
          [("f8 2,3", "f8 3"), ("f8 2,3", "f8 2,3"), ("f8 2", "f8"), ("f4 2", "f8 2"), ("i8 3", "i8 3"), ("i8 3", "f4 3")])
      for name in ("max", "min")],
    *[Row(name, [f"x.{name}()", f"t.{name}(x)", f"x.{name}(-1)", f"x.{name}(dim=0)", f"x.{name}(0, True)", f"x.{name}(dim=-1, keepdim=True)",
                 f"x.{name}(keepdim=True)"],
          ["f8 3", "f8 2,3", "f8 3,2 T", "f8", "f8 1", "f4 3,2", "i8 2,3", "f8 special", *TIES[:2]]) for name in ("argmax", "argmin")],
    along("prod", inputs=MATRICES),
    Row("prod", ["x.prod()", "t.prod(x)", "x.prod(-1)", "x.prod(dtype=t.float64)", "(x * 0).prod()", "(x * (x > 0)).prod(-1)"],
        [*ANY, "f8 2,3,4"]),
    Row("prod", ["x.prod()", "t.prod(x, 0)"], INTS),
    along("logsumexp", "x.logsumexp((0, 1))", "t.logsumexp(x * 500, dim=-1)", "x.logsumexp([0], True)", inputs=FULL),
    Row("logsumexp", ["x.logsumexp(0)", "t.logsumexp(x, -1)", "(x - inf).logsumexp(0)"], ["f8 3", "f8", "f8 1", "f8 special", "f4 2"],
        second=False),
    Row("logsumexp", ["x.logsumexp(0)", "t.logsumexp(x, -1)"], ["i8 3", "f8 0,2", "f8 2,0"]),
    Row("norm", ["x.norm()", "t.norm(x)", "x.norm(2)", "x.norm(1)", "x.norm(p=3)", "x.norm(inf)", "x.norm(float('-inf'))", "x.norm(0)",
                 "x.norm('fro')", "x.norm(1.5)", "x.norm(0.5)", "x.norm(p=2, dim=0)", "x.norm(1, -1, True)", "t.norm(x, dim=-1)",
                 "x.norm(dim=-1, keepdim=True)", "t.norm(x, 2, dim=(-1,))", "x.norm(dtype=t.float64)"],
        ["f8 3", "f8 2,3", "f8 3,2 T", "f8 1", "f4 3,2", "f8"], (0.2, 2.0), tolerance=10),
    Row("norm", ["x.norm()", "x.norm(1)", "x.norm(3)", "x.norm(inf)", "x.norm(2, 0)"], ["f8 3", "f8 2,3", "f8 2"], (-2.0, -0.2)),
    Row("norm", ["(x * 0).norm()", "(x * 0).norm(1)", "(x * 0).norm(3)", "(x * 0).norm(inf)", "x.round().norm(2, -1)", "(x * 0).norm(2, 0)"],
        ["f8 3", "f8 2,3"], second=False),
    Row("linalg.vector_norm", ["t.linalg.vector_norm(x)", "t.linalg.vector_norm(x, 2)", "t.linalg.vector_norm(x, ord=1)",
                               "t.linalg.vector_norm(x, inf, dim=-1)", "t.linalg.vector_norm(x, 3, 0, True)",
                               "t.linalg.vector_norm(x, dim=-1, keepdim=True)", "t.linalg.vector_norm(x, dtype=t.float64)"],
        ["f8 3", "f8 2,3", "f8 3,2 T", "f8 1", "f4 3,2", "f8"], tolerance=10),
    *[Row(name, [f"t.{name}(x, 0)", f"x.{name}(-1)", f"x.{name}(dim=0)", f"t.{name}(x, dim=-1)"], [*ANY, "f8 2,3,4", "f8 2,0"])
      for name in ("cumsum", "cumprod", "logcumsumexp")],
    *[Row(name, [f"t.{name}(x, 0)", f"x.{name}(-1, dtype=t.float32)"], INTS) for name in ("cumsum", "cumprod")],
    Row("cumprod", ["x.round().cumprod(0)", "(x * 0).cumprod(-1)"], ["f8 5", "f8 2,3"]),
    *[Row(name, [f"x.{name}()", f"t.{name}(x)", f"x.{name}(0)", f"x.{name}(dim=-1)", f"x.{name}(-1, True)", f"t.{name}(x > 0)",
                 f"x.{name}(dim=0, keepdim=True)"], ["b1 2,3", "i8 3", "u1 2,2", "f4 3", "b1", "b1 0", "b1 2,0", "f8 special"])
      for name in ("any", "all")],
    *[Row(name, [f"x.{name}((0, 1))", f"t.{name}(x, dim=(0, 1), keepdim=True)"], ["b1 2,3", "i8 2,2", "u1 3,2"]) for name in ("any", "all")],
    Row("count_nonzero", ["t.count_nonzero(x)", "x.count_nonzero()", "x.count_nonzero(0)", "t.count_nonzero(x, dim=-1)"],
        ["b1 2,3", "i8 3", "u1 2,2", "f4 3", "b1", "b1 0", "f8 2,3"], first=False),
    Row("count_nonzero", ["t.count_nonzero(x, dim=(0, 1))"], ["b1 2,3", "i8 2,2"]),
]  # fmt: skip
