"""Sample calls of the element-wise functions."""

from .samples import PAIRS, UNARY, Row


def unary(name: str, domain: tuple[float, float] = (-2.0, 2.0), *more: str, inputs: list = UNARY, **options) -> Row:
    """A function of one tensor, as a function, by keyword and as a method."""
    calls = [f"t.{name}(x)", f"x.{name}()", f"t.{name}(input=x)", *more]
    return Row(name, calls, inputs, domain, **options)


def binary(name: str, domain: tuple[float, float] = (-2.0, 2.0), *more: str, pairs: list = PAIRS, **options) -> Row:
    """A function of two tensors, with broadcasting."""
    calls = [f"t.{name}(x, y)", f"x.{name}(y)", f"t.{name}(x, other=y)", *more]
    return Row(name, calls, pairs, domain, **options)


INTS = ["i8 3", "i4 2,3", "u1 4", "b1 4", "i8", "i2 3", "i1 3"]
WHOLE = [*UNARY, "i8 3", "i4 2,3", "u1 4"]
POSITIVE = (0.2, 3.0)
MIXED = [("i8 3", "i8 3"), ("i8 3", "f4 3"), ("f4 3", "f8 3"), ("b1 3", "i8 3"), ("u1 3", "i8 3"), ("f4 3", "f8"),
         ("i8 3", "f8"), ("i4 3", "i8"), ("b1 3", "f4 3"), ("f2 3", "f4 3"), ("i1 3", "u1 3"), ("i8", "f4 3")]  # fmt: skip

ROWS = [
    binary("add", (-2, 2), "x + y", "t.add(x, y, alpha=2)", "x.add(y, alpha=0.5)", "x + 2", "2.5 + x", "x.add(3)",
           "t.add(x, 2, alpha=3)"),
    Row("add", ["x + y", "t.add(x, y)", "x.add(y, alpha=2)"], MIXED),
    binary("sub", (-2, 2), "x - y", "t.sub(x, y, alpha=2)", "x - 2", "2 - x", "x.sub(1.5)", "t.subtract(x, y)"),
    binary("mul", (-2, 2), "x * y", "x * 3", "0.5 * x", "x.mul(2)", "t.multiply(x, y)", "x * x"),
    Row("mul", ["x * y", "t.mul(x, y)", "x * 2", "x * 2.5", "True * x"], MIXED),
    binary("div", POSITIVE, "x / y", "x / 2", "2 / x", "x.div(2.0)", "t.div(x, y, rounding_mode='floor')",
           "t.div(x, y, rounding_mode='trunc')", "x.div(y, rounding_mode=None)", "t.true_divide(x, y)"),
    Row("div", ["x / 2", "x / 4.0", "2 / (x + 1)"], ["i8 3", "i4 2,2", "u1 3", "b1 2"]),
    Row("div", ["t.div(x * 2 + 1, 2, rounding_mode='floor')", "t.div(x * 2 + 1, 2, rounding_mode='trunc')", "x // 3",
                "t.div(x, -3, rounding_mode='trunc')", "t.div(x, 0.7, rounding_mode='floor')", "7 // (x * x + 1)",
                "x % 3", "x % -3", "7 % (x * x + 1)", "x.remainder(2.5)"], ["i8 5", "i4 2,3", "i8", "i8 0", "i2 4"]),
    Row("pow", ["t.pow(x, y)", "x.pow(y)", "x ** y", "t.pow(input=x, exponent=y)", "t.pow(2, y)", "1.5 ** x"], PAIRS,
        POSITIVE),
    Row("pow", ["x ** 2", "x ** 3", "x ** 0", "x ** 1", "x ** 2.0", "x.pow(3.0)", "2 ** x", "t.pow(x, t.tensor(2))"], WHOLE),
    Row("pow", ["x ** -1", "x ** -0.5", "x ** 0.5", "x ** 1.5", "x ** t.tensor([2.0])", "10 ** x", "x.pow(-2)"], UNARY,
        POSITIVE),
    Row("pow", ["t.tensor([0.0, 0.0, 0.0, 2.0, -2.0], dtype=t.float64) ** x", "0 ** x", "0.0 ** x"],
        ["f8 5"], (1.0, 3.0), second=False),  # torch's second derivative at 0 is NaN
    Row("pow", ["(x * 0) ** 0", "(x * 0) ** 1", "(x * 0) ** 2", "(x * 0) ** 3", "(x * 0) ** 0.0", "(x * 0) ** 2.0"],
        ["f8 5", "f8", "f8 1"]),
    Row("pow", ["x ** 2", "x ** 0", "x ** 0.5", "2 ** (x * x)", "x ** (x * x)", "2.0 ** x"], ["i8 5", "i4 3"]),
    unary("neg", (-2, 2), "-x", inputs=[*WHOLE]),
    unary("abs", (-2, 2), "abs(x)", "t.absolute(x)", inputs=WHOLE),
    unary("square", inputs=WHOLE),
    unary("reciprocal", POSITIVE, inputs=[*UNARY, "i8 3"]),
    unary("exp", inputs=[*UNARY, *INTS]),
    unary("log", POSITIVE), unary("log1p", POSITIVE), unary("log2", POSITIVE), unary("log10", POSITIVE),
    unary("expm1"), unary("sqrt", POSITIVE), unary("rsqrt", POSITIVE), unary("sin"), unary("cos"),
    Row("log", ["t.log(x * x + 1)", "(x * x + 1).log2()", "(x * x + 1).log10()", "x.sin()", "(x * x).log1p()"], INTS),
    unary("erf", inputs=[*UNARY, "i8 3", "f4 200"], tolerance=2),
    unary("lgamma", POSITIVE, tolerance=20), unary("digamma", POSITIVE, inputs=UNARY[:-1], tolerance=20),  # ψ″(∞) is nan there
    unary("sign", inputs=WHOLE), unary("floor", inputs=WHOLE), unary("ceil", inputs=WHOLE),
    unary("trunc", (-2, 2), inputs=WHOLE),
    unary("round", (-200, 200), "x.round(decimals=1)", "t.round(x, decimals=2)", "x.round(decimals=-1)"),
    Row("round", ["x.round()", "t.round(x)"], ["i8 3", "i4 2,3"]),
    binary("floor_divide", POSITIVE, "x // y", "x // 2", "x // 0.7", "5 // x", "t.floor_divide(x, 2)", first=False),
    Row("floor_divide", ["x // y", "x.floor_divide(-y)", "(-x) // y"],
        [("f8 7", "f8 7"), ("f4 7", "f4 7"), ("f4 3", "f8 3"), ("f8 2,3", "f8 3"), ("f8 special", "f8")], POSITIVE, False),
    binary("remainder", POSITIVE, "x % y", "x % 2", "x % 0.7", "(-x) % 2", "x % -y"),
    Row("remainder", ["5 % x", "x % 1", "7.5 % -x"], PAIRS, POSITIVE, first=False),
    Row("lerp", ["t.lerp(x, y, z)", "x.lerp(y, z)", "t.lerp(x, y, 0.3)", "t.lerp(x, end=y, weight=0.7)"],
        [("f8 2,3", "f8 2,3", "f8 2,3"), ("f8 3", "f8 2,3", "f8"), ("f8", "f8", "f8"), ("f4 3", "f4 3", "f4 3")]),
    Row("addcmul", ["t.addcmul(x, y, z)", "x.addcmul(y, z, value=2)", "t.addcmul(x, y, z, value=-0.5)"],
        [("f8 2,3", "f8 2,3", "f8 2,3"), ("f8 3", "f8 2,1", "f8"), ("f8", "f8", "f8"), ("f4 3", "f4 3", "f4 3")]),
    Row("addcdiv", ["t.addcdiv(x, y, z)", "x.addcdiv(y, z, value=2)", "t.addcdiv(x, y, z, value=-0.5)"],
        [("f8 2,3", "f8 2,3", "f8 2,3"), ("f8 3", "f8 2,1", "f8"), ("f8", "f8", "f8"), ("f4 3", "f4 3", "f4 3")], POSITIVE),
    binary("logaddexp", (-2, 2), "t.logaddexp(x, x)"),
    Row("logaddexp", ["t.logaddexp(x * 300, y * 300)"], PAIRS, second=False),  # torch's second derivative is NaN
    binary("xlogy", POSITIVE, "t.xlogy(x * 0, y)", "t.xlogy(x, 2.0)", "t.xlogy(2, y)", "x.xlogy(3)", "t.xlogy(x * 0, y * 0)"),
    *[binary(name, (-2, 2), f"x {sign} y", f"x {sign} 0.5", f"0.5 {sign} x", f"t.{name}(x, 1)", f"t.{name}(x, x)",
             pairs=[*PAIRS, *MIXED])
      for name, sign in [("eq", "=="), ("ne", "!="), ("lt", "<"), ("le", "<="), ("gt", ">"), ("ge", ">=")]],
    Row("isclose", ["t.isclose(x, y)", "x.isclose(x + 1e-7)", "t.isclose(x, y, rtol=0.5, atol=0.1)",
                    "t.isclose(x, x, equal_nan=True)", "t.allclose(x, y)", "x.allclose(x + 1e-9)", "t.equal(x, y)",
                    "x.equal(x)", "t.allclose(x, y, 0.1, 5.0)"], [*PAIRS[:6], ("f8 special", "f8 special")]),
    unary("isnan"), unary("isinf"), unary("isfinite", (-2, 2), inputs=[*UNARY, "i8 3"]),
    *[Row(f"logical_{name}", [f"t.logical_{name}(x, y)", f"x.logical_{name}(y)"], [*PAIRS, *MIXED])
      for name in ("and", "or", "xor")],
    unary("logical_not", inputs=[*UNARY, *INTS]),
    Row("bitwise", ["x & y", "x | y", "x ^ y", "~x", "t.bitwise_and(x, y)", "x.bitwise_or(y)", "t.bitwise_not(x)",
                    "x & 1", "x | True"],
        [("b1 3", "b1 3"), ("i8 3", "i8 3"), ("u1 3", "i8 3"), ("b1 3", "u1 3"), ("i4 2,3", "i4 3")]),
    Row("where", ["t.where(x, y, z)", "y.where(x, z)", "t.where(x, y, 0.5)", "t.where(x, 1, z)", "t.where(x, y, 2)",
                  "t.where(x, input=y, other=z)", "t.where(x, 1.0, 0.0)", "t.where(x, 1, 0)", "t.where(x)",
                  "t.where(y > 0, y, t.tensor(0.0))", "t.where(x, float('-inf'), z)"],
        [("b1 2,3", "f8 2,3", "f8 2,3"), ("b1 3", "f8 2,3", "f8"), ("b1", "f8", "f8 2"), ("b1 2,1", "f8 3", "f8 1"),
         ("b1 3", "f4 3", "f8 3"), ("b1 3", "i8 3", "f4 3"), ("b1 0", "f8 0", "f8 1")]),
    Row("clamp", ["x.clamp(-1, 1)", "x.clamp(min=0.5)", "t.clamp(x, max=0)", "t.clamp(x, -0.5, 0.5)", "x.clamp(1, -1)",
                  "x.clamp(0.0)", "t.clamp(x, min=-1, max=None)", "x.clamp_min(0)", "t.clamp_max(x, 0.5)",
                  "t.clamp_min(x, min=2)", "x.clip(-1, 1)", "x.clamp(2, 2)", "x.clamp(min=2)", "x.clamp(max=2)"], UNARY),
    Row("clamp", ["x.clamp(0, 2)", "x.clamp(min=0.5)", "x.clamp_max(1)"], ["i8 5", "u1 4", "i4 2,3"]),
    Row("clamp", ["x.clamp(y, z)", "x.clamp(min=y)", "x.clamp(max=y)", "t.clamp(x, y, z)", "x.clamp(x, x)",
                  "x.clamp(min=y, max=y)", "x.clamp_min(y)", "x.clamp_max(y)", "t.clamp(x, min=x)", "t.clamp(x, max=x)"],
        [("f8 2,3", "f8 2,3", "f8 2,3"), ("f8 2,3", "f8 3", "f8"), ("f8", "f8", "f8"), ("f8 1", "f8 4", "f8 4")]),
    Row("masked_fill", ["x.masked_fill(y, 0.5)", "t.masked_fill(x, y, -inf)", "x.masked_fill(y, t.tensor(2.0))",
                        "x.masked_fill(mask=y, value=1)", "x.masked_fill(y == 0, -1e9)", "x.masked_fill(y, z)"],
        [("f8 2,3", "b1 2,3", "f8"), ("f8 2,3", "b1 3", "f8"), ("f8", "b1", "f8"), ("f4 2,3", "b1 2,1", "f4"),
         ("f8 3", "b1 2,3", "f8"), ("f8 0", "b1 0", "f8")]),
    *[binary(name, (-2, 2), f"t.{name}(x, x)", f"t.{name}(x, y * 0)", pairs=[*PAIRS, ("f8 special", "f8 special"),
             *MIXED]) for name in ("maximum", "minimum")],
    unary("nan_to_num", (-2, 2), "x.nan_to_num(1.0)", "t.nan_to_num(x, nan=2.0, posinf=3.0, neginf=-3.0)",
          "t.nan_to_num(x, 0.0, 1.0, -1.0)", "x.nan_to_num(posinf=5)", inputs=[*UNARY, "i8 3"]),
    unary("sigmoid", inputs=[*UNARY, "i8 3"]), unary("tanh", inputs=[*UNARY, "i8 3"]),
    unary("relu", inputs=[*UNARY, "i8 3"]),
]  # fmt: skip
