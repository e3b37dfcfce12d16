"""Sample calls of the functions that programs need less often, and of other words for arguments."""

from .rows_elementwise import unary
from .rows_updates import PAIR, on_copy
from .samples import PAIRS, UNARY, Row

INSIDE, ABOVE, POSITIVE = (-0.9, 0.9), (1.2, 3.0), (0.2, 3.0)
THREE = ["f8 2,3", "f8 3,2 T", "f8 4", "f8 1,3", "f4 2,3"]
RANKED = ["f8 2,5", "f8 4,3 T", "f8 5", "f8 1,3", "f4 2,3", "i8 3,4", "f8 special"]
CUBE = ["f8 2,3,4", "f8 3,2,2", "f4 2,3,2"]

INVERTIBLE = ["f8 3,3", "f8 2,3,3", "f8 3,3 T"]
MATRICES = [
    Row(
        "matrices",
        [
            f"t.{call}(x + 4 * t.eye(x.shape[-1], dtype=x.dtype){more})"
            for call, more in [
                ("det", ""),
                ("logdet", ""),
                ("linalg.inv", ""),
                ("matrix_power", ", -2"),
                ("matrix_power", ", 3"),
            ]
        ],
        INVERTIBLE,
        POSITIVE,
        tolerance=100,
    ),
    Row("matrices", ["x.det()", "x.logdet()"], ["f8 2,2", "f8 3,3 T"], (-2, 2), second=False, tolerance=100),
    Row(
        "matrices",
        ["t.linalg.eigvalsh(x @ x.mT)", "t.linalg.eigh(x @ x.mT)[1].abs()"],
        ["f8 2,2", "f8 2,3,3", "f8 1,1"],
        (-2, 2),
        tolerance=1e6,
    ),
    Row(
        "matrices",
        ["t.linalg.svdvals(x)", "t.linalg.svd(x, full_matrices=False)[0].abs()"],
        ["f8 2,3", "f8 3,2", "f8 2,3,2"],
        (-2, 2),
        second=False,
        tolerance=1e5,
    ),
    Row(
        "matrices",
        ["t.linalg.qr(x)[0].abs()", "t.linalg.qr(x)[1].abs()"],
        ["f8 3,2", "f8 2,3,3", "f8 2,4"],
        (-2, 2),
        second=False,
        tolerance=1e5,
    ),
    Row("matrices", ["t.linalg.pinv(x)", "x.pinverse()"], ["f8 3,2", "f8 2,4"], (-2, 2), second=False, tolerance=1e5),
    Row("matrices", ["t.matrix_exp(x * 0.1 + 0.2)"], ["f8 3,3", "f8 2,2,2", "f8 1,1"], first=False),
    Row(
        "matrices",
        [f"t.linalg.matrix_norm(x, {ord})" for ord in ("'fro'", "'nuc'", "2", "1", "float('inf')", "-1")],
        ["f8 3,2", "f8 2,2,3"],
        second=False,
        tolerance=1e3,
    ),
    Row(
        "pairs",
        ["t.kron(x, y)", "x.kron(y)"],
        [("f8 2,3", "f8 2,1"), ("f8 2", "f8 3,2"), ("f8", "f8 3"), ("f8 2,1,2", "f8 2,2"), ("f4 2,2", "f4 3,1")],
    ),
    Row(
        "pairs",
        ["t.linalg.cross(x, y)", "t.cross(x, y, dim=-1)"],
        [("f8 3", "f8 3"), ("f8 2,3", "f8 2,3"), ("f8 2,3", "f8 1,3"), ("f4 3", "f4 3")],
    ),
    Row(
        "pairs",
        ["t.cov(x)", "x.cov(correction=0)", "t.corrcoef(x)"],
        ["f8 2,5", "f8 5", "f8 4,3 T", "f4 2,5"],
        second=False,
    ),
    Row(
        "pairs",
        ["t.trapezoid(x)", "t.trapz(x, dx=0.5)", "t.trapezoid(x, x * 2)"],
        ["f8 5", "f8 2,4", "f8 3,2 T", "f8 1", "f4 3"],
    ),
    Row(
        "scatter_reduce",
        [f"x.scatter_reduce(0, y, z, '{kind}')" for kind in ("sum", "mean", "amax", "amin")]
        + [
            "x.scatter_reduce(0, y, z, 'sum', include_self=False)",
            "x.scatter_reduce(0, y, z, reduce='mean', include_self=False)",
        ],
        [("f8 4", "ix4 6", "f8 6"), ("f8 3,2", "ix3 2,2", "f8 2,2"), ("f4 3", "ix3 4", "f4 4")],
        second=False,
    ),
    Row("pairs", ["t.heaviside(x, y)"], [("f8 special", "f8"), ("f8 2,3", "f8 3"), ("i8 4", "i8 4")], first=False),
]

ROWS = [
    *MATRICES,
    *[unary(name, domain, inputs=[*UNARY, "i8 3"]) for name, domain in [
        ("tan", (-1.4, 1.4)), ("sinh", (-2, 2)), ("cosh", (-2, 2)), ("asin", INSIDE), ("acos", INSIDE), ("atan", (-2, 2)),
        ("asinh", (-2, 2)), ("atanh", INSIDE), ("deg2rad", (-200, 200)), ("rad2deg", (-4, 4)), ("trunc", (-3, 3))]], unary("frac", (-3, 3)),
    unary("acosh", ABOVE, inputs=UNARY), unary("exp2", inputs=UNARY), unary("sinc", inputs=UNARY[:-1], second=False),
    unary("logit", (0.1, 0.9), "t.logit(x, eps=0.2)", inputs=UNARY[:-1]), unary("erfc", inputs=UNARY[:-1], tolerance=3),
    Row("arcs", ["x.arcsin()", "t.arccos(x)", "t.arctan(x)", "x.arcsinh()", "x.arctanh()"], UNARY[:4], INSIDE),
    Row("atan2", ["t.atan2(x, y)", "x.atan2(y)", "t.arctan2(x, other=y)"], PAIRS, POSITIVE),
    Row("atan2", ["t.atan2(x, y)", "t.atan2(-x, -y)"], [("f8 2,3", "f8 3"), ("f8 4", "f8 4")], (-2, 2)),
    Row("hypot", ["t.hypot(x, y)"], PAIRS, POSITIVE, second=False), Row("float_power", ["t.float_power(x, y)", "x.float_power(2)"], PAIRS, POSITIVE),
    Row("fmod", ["t.fmod(x, y)", "x.fmod(y)", "x.fmod(0.7)", "(-x).fmod(y)", "t.fmod(x, -y)"], PAIRS, POSITIVE),
    Row("fmod", ["t.fmod(x, 3)", "x.fmod(-2)", "(x * x + 1).fmod(2.5)"], ["i8 5", "i4 2,3", "i8", "i2 4"]),
    Row("signs", ["t.sgn(x)", "x.signbit()", "t.isposinf(x)", "t.isneginf(x)", "x.fix()", "t.positive(x)"], ["f8 special", "f8 2,3", "f8", "f4 3"]),
    Row("isin", ["t.isin(x, y)", "t.isin(x, y, invert=True)"], [("i8 3", "i8 3"), ("i8 2,3", "i8 4"), ("i8", "i8 2"), ("u1 3", "u1 2"), ("i8 0", "i8 2")], first=False),
    Row("compared", ["t.greater(x, y)", "x.less(y)", "t.greater_equal(x, y)", "x.less_equal(y)", "t.not_equal(x, y)"], PAIRS[:4]),
    Row("nan sums", ["t.nansum(x)", "x.nansum(0)", "t.nanmean(x)", "x.nanmean(dim=0, keepdim=True)"], ["f8 special", "f8 2,3", "f8 3,2 T", "f4 3"]),
    Row("dist", ["t.dist(x, y)", "t.dist(x, y, 1)", "x.dist(y, p=3)"], [("f8 2,3", "f8 2,3"), ("f8 3", "f8 2,3"), ("f8 4", "f8 4"), ("f4 3", "f4 3")], second=False),
    Row("renorm", ["x.renorm(2, 0, 0.5)", "t.renorm(x, 1, 1, 0.5)", "x.renorm(2, -1, 100.0)"], ["f8 2,3", "f8 3,2 T", "f8 2,3,2", "f4 2,3"], second=False),
    Row("diff", ["t.diff(x)", "x.diff(n=2)", "x.diff(dim=0)", "t.diff(x, prepend=x, append=x)"], [*THREE, "i8 3,4", "f8 0"]),
    Row("products", ["t.ger(x, y)", "t.vdot(x, y)", "t.inner(x, y)"], [("f8 3", "f8 3"), ("f8 4", "f8 4"), ("f4 3", "f4 3"), ("f8 1", "f8 1")]),
    Row("inner", ["t.inner(x, y)", "x.inner(y)"], [("f8 2,3", "f8 4,3"), ("f8 2,3", "f8 3"), ("f8", "f8 3"), ("f8 2,1,3", "f8 3"), ("f8 0,3", "f8 2,3")]),
    Row("addmv", ["t.addmv(x, y, z)", "x.addmv(y, z, beta=0.5, alpha=2)"], [("f8 2", "f8 2,3", "f8 3"), ("f8 1", "f8 2,3", "f8 3"), ("f4 2", "f4 2,3", "f4 3"), ("f8 3", "f8 3,2", "f8 2"), ("f8 3", "f8 2,3 T", "f8 2")]),
    Row("addr", ["t.addr(x, y, z)", "x.addr(y, z, beta=0.5, alpha=2)"], [("f8 2,3", "f8 2", "f8 3"), ("f8 1", "f8 2", "f8 3"), ("f4 2,3", "f4 2", "f4 3"), ("f8 2,1", "f8 2", "f8 3"), ("f8", "f8 2", "f8 3")]),
    Row("trace", ["t.trace(x)", "x.trace()", "x.H", "x.mH", "x.adjoint()"], ["f8 2,3", "f8 3,3", "f8 3,2 T", "f4 2,2"]),
    Row("ravel", ["t.ravel(x)", "x.ravel()"], ["f8 2,3", "f8 3,2 T", "f8", "f8 0", "f4 2,1,2"]),
    Row("turned", ["t.fliplr(x)", "x.flipud()", "t.rot90(x)", "x.rot90(2)", "t.rot90(x, -1, (1, 0))"], ["f8 2,3", "f8 3,2 T", "f8 2,3,2", "i8 2,2"]),
    Row("diag_embed", ["t.diag_embed(x)", "x.diag_embed(1)", "t.diag_embed(x, offset=-1)", "t.diagflat(x)", "x.diagflat(1)"], THREE),
    Row("unfold", ["x.unfold(0, 2, 1)", "x.unfold(-1, 1, 2)", "x.unfold(0, 1, 1)"], ["f8 5", "f8 3,4", "f8 4,3 T", "f8 2,3,2", "f4 4"]),
    Row("tensor_split", ["t.tensor_split(x, 3)", "x.tensor_split((1, 2))", "t.tensor_split(x, (1, 5), 0)", "x.tensor_split(2, dim=-1)"], ["f8 5,3", "f8 4,4 T", "f4 3,3"]),
    Row("median", ["t.median(x)", "x.median()", "x.median(0)", "t.median(x, -1, True)", "x.median(dim=-1).indices"], ["f8 2,5", "f8 4,3 T", "f8 5", "f4 2,3", "f8", "f8 special"]),
    Row("kthvalue", ["t.kthvalue(x, 1)", "x.kthvalue(2, 0)", "x.kthvalue(2, dim=0, keepdim=True)"], ["f8 2,5", "f8 4,3 T", "f8 5", "f4 2,3"]),
    Row("quantile", ["t.quantile(x, 0.3)", "x.quantile(0.5, dim=0)", "t.quantile(x, t.tensor([0.0, 0.4, 1.0]).to(x.dtype), -1, True)", "x.quantile(0.3, keepdim=True)",
                     *[f"x.quantile(0.3, interpolation='{kind}')" for kind in ("lower", "higher", "midpoint", "nearest")]], ["f8 2,5", "f8 4,3 T", "f8 5", "f4 2,3"]),
    Row("cummax", ["t.cummax(x, 0)", "x.cummin(-1)", "t.cummin(x, dim=0)", "x.cummax(-1).indices"], RANKED),
    Row("aminmax", ["t.aminmax(x)", "x.aminmax(dim=0)", "t.aminmax(x, dim=-1, keepdim=True)", "x.aminmax().min"], ["f8 2,5", "f8 4,3 T", "f8 5", "f4 2,3"]),
    Row("unique", ["t.unique(x)", "x.unique(return_counts=True)", "t.unique(x, return_inverse=True)", "t.unique(x, dim=0)", "t.unique(x, return_inverse=True, return_counts=True)"],
        ["ix3 7", "ix3 4,2", "i4 5", "b1 4", "ix2 3,2"], first=False),
    Row("unique_consecutive", ["t.unique_consecutive(x)", "x.unique_consecutive(return_counts=True)", "t.unique_consecutive(x, return_inverse=True, dim=0)"], ["ix2 9", "ix2 4,3", "i4 5", "ix2 3,2"], first=False),
    Row("bincount", ["t.bincount(x)", "x.bincount(minlength=9)", "t.bincount(x, weights=t.ones(x.shape[0]) * 0.5)"], ["ix3 7", "ix5 4", "ix2 1", "ix7 20"], first=False),
    Row("histc", ["t.histc(x)", "x.histc(4)", "t.histc(x, bins=5, min=-1, max=1)", "t.histogram(x, 4).hist", "t.histogram(x, bins=3, range=(-1.0, 1.0))"], ["f8 9", "f8 4,3", "f4 7"], first=False),
    Row("searchsorted", ["t.searchsorted(t.tensor([-1.0, 0.0, 0.5]).to(x.dtype), x)", "t.bucketize(x, t.tensor([-1.0, 0.0, 0.5]).to(x.dtype), right=True)"], ["f8 9", "f8 4,3", "f8", "f4 7", "f8 special"], first=False),
    Row("std_mean", ["t.std_mean(x)", "t.std_mean(x, 0)", "t.std_mean(x, dim=-1, keepdim=True, correction=0)"], ["f8 2,5", "f8 4,3 T", "f8 5", "f4 2,3"]),
    Row("assembled", ["t.block_diag(x, y)", "t.dstack((x, y))", "t.column_stack((x, y))", "t.atleast_1d(x)", "t.atleast_2d(x, y)", "t.atleast_3d(x)"], [("f8 2,3", "f8 2,3"), ("f8 3", "f8 3"), ("f4 2", "f4 2")]),
    Row("cartesian_prod", ["t.cartesian_prod(x, y)", "t.cartesian_prod(x)", "t.cartesian_prod(x, y, x)"], [("f8 2", "f8 3"), ("f8 1", "f8 2"), ("f4 2", "f4 2"), ("i8 2", "i8 2")]),
    Row("tensordot", ["t.tensordot(x, y, 1)", "t.tensordot(x, y, dims=([1], [0]))", "t.tensordot(x, y, ([-1], [0]))"], [("f8 2,3", "f8 3,4"), ("f8 3,3", "f8 3"), ("f8 3,2 T", "f8 3,1,2"), ("f4 2,2", "f4 2,2")]),
    Row("cdist", ["t.cdist(x, y)", "t.cdist(x, y, p=1)", "t.cdist(x, y, 3.0)"], [("f8 2,3", "f8 4,3"), ("f8 2,2,3", "f8 2,4,3"), ("f4 2,3", "f4 1,3"), ("f8 1,2", "f8 3,2")], second=False, tolerance=10),
    Row("broadcast_shapes", ["t.broadcast_shapes(x.shape, y.shape)"], PAIRS),
    Row("index_copy", ["t.index_copy(x, 0, y, z)", "x.index_copy(0, y, z)", "x.clone().index_copy_(0, y, z)"], [("f8 3,2", "ix1 1", "f8 1,2"), ("f4 3,2", "ix3 1", "f4 1,2"), ("f8 2,3 T", "ix3 1", "f8 1,2"), ("f8 3", "ix3 1", "f8 1")]),
    Row("index_put", ["t.index_put(x, (y,), z)", "x.index_put((y,), z, accumulate=True)", "x.clone().index_put_((y,), z)", "x.clone().index_put_((y, y), z[0, 0], accumulate=True)"], [("f8 3,2", "ix1 1", "f8 1,2"), ("f4 3,2", "ix1 1", "f4 1,2"), ("f8 2,3 T", "ix1 1", "f8 1,2")]),
    Row("further_", on_copy("expm1_()", "log1p_()", "log2_()", "log10_()", "rsqrt_()", "cos_()", "sin_()", "tan_()", "sinh_()", "atan_()", "erf_()", "square_()", "trunc_()", "ceil_()",
                            "sign_()", "cumsum_(0)", "nan_to_num_()", "exp2_()", "fmod_(2)", "frac_()"), ["f8 2,3", "f8 3,2 T", "f4 3"], POSITIVE),
    Row("further_", on_copy("tril_()", "triu_(1)", "addmm_(x, x.t() @ x)", "xlogy_(x)"), ["f8 2,3", "f8 3,2 T", "f4 2,2"], POSITIVE),
    Row("words", ["x.sum(axis=0)", "x.mean(axis=-1, keepdims=True)", "t.max(x, axis=0)", "x.argmax(axis=1, keepdims=True)", "t.std(x, axis=0)", "x.softmax(axis=1)", "t.log_softmax(x, axis=-1)",
                  "x.cumsum(axis=0)", "t.sort(x, axis=0)", "x.unsqueeze(axis=0)", "x.squeeze(axis=0)", "t.cat([x, x], axis=1)", "t.stack((x, x), axis=2)", "t.logsumexp(x, axis=1, keepdims=True)",
                  "t.chunk(x, 2, axis=1)", "x.unbind(axis=0)", "t.prod(x, axis=0)", "x.any(axis=0)", "t.norm(x, dim=1)", "x.topk(1, axis=0)", "x.amin(axis=(0, 1))", "t.median(x, axis=0)",
                  "x.index_select(axis=0, index=t.tensor([1, 0]))"], ["f8 2,3", "f8 3,2 T", "f4 2,3"]),
    Row("out", ["t.add(x, y, out=t.zeros_like(x))", "t.mul(x, 2, out=t.zeros_like(x))", "t.matmul(x, y.t(), out=t.empty(0, dtype=x.dtype))", "t.cat((x, y), out=t.empty(0, dtype=x.dtype))",
                "t.stack((x, y), out=t.empty(0, dtype=x.dtype))", "t.max(x, 0, out=(t.empty(0, dtype=x.dtype), t.empty(0, dtype=t.int64)))", "t.sum(x, 0, out=t.empty(0, dtype=x.dtype))",
                "t.div(x, y, out=t.zeros_like(x))", "t.sub(x, y, out=t.zeros_like(x))"], [("f8 2,3", "f8 2,3"), ("f4 2,2", "f4 2,2")], first=False),
    Row("made", ["t.tril_indices(3, 4)", "t.triu_indices(3, 3, 1)", "t.tril_indices(2, 3, offset=-1)", "t.logspace(0, 2, 5)", "t.logspace(-1, 1, 3, base=2)", "t.hann_window(5)", "t.hann_window(4, periodic=False)",
                 "t.hamming_window(6)", "t.scalar_tensor(2)", "t.asarray([1.0, 2.0])", "t.asarray(x)", "t.frombuffer(bytearray(8), dtype=t.int32)", "t.can_cast(t.float32, t.int64)", "t.is_complex(x)", "t.typename(x)",
                 "x.new(2, 3).shape", "x.new([1, 2])", "x.new().shape", "x.get_device()", "x.is_signed()", "x[0].is_nonzero()", "x.storage_offset()", "x[1:].storage_offset()", "t.pi", "t.e", "t.inf", "t.newaxis"], ["f4 2", "f8 3"], first=False),
    Row("resized", ["x.clone().resize_(2, 2)", "x.clone().resize_(3)", "x.clone().resize_as_(t.ones(2, 1))", "x.clone().resize_((1, 2))"], ["f4 2,3", "f8 4", "f8 2,2"], first=False),
    Row("pairs", ["t.pairwise_distance(x, y)", "t.pairwise_distance(x, y, 1.0)"], PAIR, second=False),
]  # fmt: skip
