"""Sample calls that make tensors, convert them, and hand out Python numbers. Random ones: only what is fixed."""

from .samples import Row

X = ["f8 2,3", "f4 3", "i8 2,2"]
LISTS = [[1, 2], [1.5, 2], [[1, 2], [3, 4]], [True, False], [], [[]], [[1.0], [2.5]], [1, True], [1, 2.0, True]]
NUMPY = ["x.numpy()", "x.detach().numpy()"]


def values(*calls: str) -> list[str]:
    """Calls on the library alone: each is tried with one dummy input."""
    return list(calls)


ROWS = [
    Row("tensor", [*(f"t.tensor({data})" for data in [1, 1.5, True, 2**40, *LISTS]), "t.tensor([1, 2], dtype=t.float64)", "t.tensor(3, dtype=t.float32)",
                   "t.tensor([1.7, -1.7], dtype=t.int64)", "t.tensor([0, 2], dtype=t.bool)", "t.tensor([1.0], requires_grad=True)", "t.tensor(x.detach().numpy())",
                   "t.tensor(x.detach().numpy(), dtype=t.float32)", "t.tensor([x.detach().reshape(-1)[0].item()])", "t.tensor((1, 2))", "t.tensor(range(3))",
                   "t.tensor([[1, 2]], dtype=t.long, device='cpu')", "t.tensor(x.numpy(force=True).sum())", "t.tensor([x.numpy(force=True)])", "t.tensor([inf, -inf, nan])",
                   "t.tensor([t.tensor(1), t.tensor(2)])", "t.tensor([t.tensor(1.5)])", "t.tensor([], dtype=t.int64)", "t.tensor([x.numpy(force=True)[0], x.numpy(force=True)[0]])"],
        X, first=False),
    Row("as_tensor", ["t.as_tensor([1, 2])", "t.as_tensor(x)", "t.as_tensor(x, dtype=t.float32)", "t.as_tensor(1.5)", "t.as_tensor(x.detach().numpy())"], X),
    Row("from_numpy", ["t.from_numpy(x.detach().numpy())", "t.from_numpy(x.detach().numpy().T)", "t.from_numpy(x.detach().numpy()[:1])",
                       "t.from_numpy(x.detach().numpy()).float()"], X),
    *[Row(name, [f"t.{name}(2, 3)", f"t.{name}(3)", f"t.{name}((2, 3))", f"t.{name}([1, 2])", f"t.{name}(x.shape)", f"t.{name}(0)", f"t.{name}(())", f"t.{name}(2, dtype=t.float64)",
                 f"t.{name}((2, 2), dtype=t.int64, device='cpu')", f"t.{name}(2, requires_grad=True)", f"t.{name}(t.tensor(2), 3)", f"t.{name}(size=(2,))", f"t.{name}(2, dtype=t.bool)",
                 f"t.{name}(x.size(0), x.size(-1))", f"t.{name}((2, t.tensor(3)))"], X) for name in ("zeros", "ones")],
    Row("full", ["t.full((2, 3), 0.5)", "t.full((2,), 1)", "t.full((2,), True)", "t.full([1, 2], -inf)", "t.full((), 3.0)", "t.full((2,), 1, dtype=t.float64)",
                 "t.full(size=(2,), fill_value=2)", "t.full((2, 2), 1.5, requires_grad=True)", "t.full(x.shape, 0)", "t.full((2,), 1.7, dtype=t.int64)"], X),
    Row("empty", ["t.empty(2, 3).shape == (2, 3)", "t.empty([2]).shape[0]", "t.empty(2, 2, dtype=t.int64, device='cpu').dtype == t.long", "t.empty(0)"], X),
    Row("eye", ["t.eye(3)", "t.eye(2, 3)", "t.eye(2, dtype=t.int64)", "t.eye(n=2)", "t.eye(3, 2)", "t.eye(0)"], X),
    Row("arange", ["t.arange(5)", "t.arange(1, 5)", "t.arange(1, 10, 3)", "t.arange(0, 1, 0.25)", "t.arange(5, dtype=t.float32)", "t.arange(0, 3, dtype=t.float64)", "t.arange(5, 0, -2)",
                   "t.arange(2.5)", "t.arange(end=4)", "t.arange(start=1, end=4)", "t.arange(0, 4, step=2)", "t.arange(0)", "t.arange(1, 2.5, 0.5)", "t.arange(t.tensor(3))",
                   "t.arange(0, 1, 0.1)", "t.arange(0, 4, 2).float() / 4", "t.arange(3, device='cpu')", "t.arange(10, 0, -3, dtype=t.float64)", "t.arange(x.size(0))"], X),
    Row("linspace", ["t.linspace(0, 1, 5)", "t.linspace(-1, 1, 4, dtype=t.float64)", "t.linspace(0, 10, steps=3)", "t.linspace(1, 0, 3)", "t.linspace(2, 2, 1)", "t.linspace(0, 1, 0)",
                     "t.linspace(start=0, end=1, steps=7)"], X, tolerance=2),
    *[Row(f"{name}_like", [f"t.{name}_like(x)", f"t.{name}_like(x, dtype=t.float64)", f"t.{name}_like(x, requires_grad=True) if x.is_floating_point() else x", f"t.{name}_like(input=x)"], X)
      for name in ("zeros", "ones")],
    Row("full_like", ["t.full_like(x, 2)", "t.full_like(x, 1.5, dtype=t.float32)", "t.full_like(x, fill_value=3)", "t.empty_like(x).shape == x.shape", "t.full_like(x, 2, dtype=t.int64)"], X),
    Row("new", ["x.new_zeros(2, 3)", "x.new_zeros((2,))", "x.new_ones(2)", "x.new_ones((1, 2), dtype=t.int64)", "x.new_full((2,), 3)", "x.new_tensor([1, 2])", "x.new_empty(2, 3).shape == (2, 3)",
                "x.new_tensor(2.0)", "x.new_tensor([1, 2], dtype=t.float32)", "x.new_zeros(2, requires_grad=True) if x.is_floating_point() else x.new_zeros(())"], X),
    *[Row(name, [f"t.{name}(2, 3).shape == (2, 3)", f"t.{name}((2,)).dtype == t.float32", f"t.{name}([2, 2]).shape == (2, 2)", f"t.{name}(2, generator=t.Generator()).shape[0]",
                 f"t.{name}(2, dtype=t.float64).dtype == t.float64", f"t.{name}(2, requires_grad=True).requires_grad", f"t.{name}(0)", f"t.{name}_like(x * 1.0).shape == x.shape",
                 f"t.{name}(()).shape == ()", f"t.{name}(size=(3,)).shape[0]"], X) for name in ("rand", "randn")],
    Row("randint", ["t.randint(5, (2, 3)).shape == (2, 3)", "t.randint(1, 5, (2,)).dtype == t.int64", "t.randint(1, (3,))", "t.randint(2, 3, (2, 2), generator=t.Generator())", "t.randint(low=4, high=5, size=(2,))",
                    "t.randint(7, 8, (1,), dtype=t.int32)", "t.randint(3, 4, [2]).item if False else 1", "t.randint(high=1, size=(2,))"], X),
    Row("randperm", ["t.randperm(5).sort()[0]", "t.randperm(0)", "t.randperm(1)", "t.randperm(3, generator=t.Generator()).sum()", "t.randperm(4).dtype == t.int64"], X),
    Row("normal", ["t.normal(0.0, 1.0, (2, 3)).shape == (2, 3)", "t.normal(mean=0.0, std=1.0, size=(2,)).dtype == t.float32", "t.normal(x * 0.0, 0.0)", "t.normal(1.0, x.detach() * 0.0)",
                   "t.normal(t.zeros(2), t.ones(2)).shape == (2,)"], X[:2], first=False),
    Row("bernoulli", ["t.bernoulli(x * 0.0)", "t.bernoulli(x * 0.0 + 1)", "t.bernoulli(x * 0.0, 1.0)", "t.bernoulli(t.full((2,), 0.5), generator=t.Generator()).shape == (2,)", "(x * 0.0).bernoulli()"], X[:2],
        first=False),
    Row("multinomial", ["t.multinomial(t.tensor([0.0, 1.0]), 1)", "t.multinomial(t.tensor([[0.0, 1.0], [2.0, 0.0]]), num_samples=1)", "t.multinomial(t.ones(3), 3).sort()[0]",
                        "t.multinomial(t.tensor([0.0, 3.0]), 4, replacement=True)", "t.multinomial(t.ones(2, 3), num_samples=2, generator=t.Generator()).shape == (2, 2)",
                        "t.tensor([0.0, 1.0]).multinomial(1)", "t.multinomial(t.ones(4).double(), 2, True).dtype == t.int64"], X),
    Row("legacy", ["t.FloatTensor([1, 2])", "t.LongTensor([[1, 2], [3, 4]])", "t.DoubleTensor([1.5])", "t.IntTensor([1])", "t.ByteTensor([1, 0])", "t.BoolTensor([[True, False]])", "t.FloatTensor()",
                   "t.LongTensor(2, 3).shape == (2, 3)", "t.LongTensor([])", "t.FloatTensor(x.detach().float().numpy())", "t.LongTensor([t.tensor(3), t.tensor(4)])", "t.LongTensor([(1, 2), (3, 4)])",
                   "t.Tensor([1, 2])", "t.Tensor([[1, 2]])", "t.Tensor(2, 3).shape == (2, 3)", "t.FloatTensor(3).shape == (3,)", "t.ShortTensor([1])", "t.CharTensor([1])", "t.HalfTensor([1])",
                   "t.Tensor()", "t.LongTensor(x.detach().long().numpy())", "t.Tensor(x.shape).shape == x.shape", "t.FloatTensor([x.detach().float().numpy()])", "t.LongTensor(range(3))",
                   "t.cat((t.FloatTensor(), t.ones(2, 3)), 0)", "isinstance(t.ones(1), t.FloatTensor)", "isinstance(t.ones(1), t.LongTensor)", "isinstance(t.ones(1).double(), t.DoubleTensor)"], X),
    Row("convert", ["x.float()", "x.double()", "x.long()", "x.int()", "x.short()", "x.byte()", "x.bool()", "x.half()", "x.to(t.float32)", "x.to(dtype=t.float64)", "x.to('cpu')", "x.to(t.device('cpu'))",
                    "x.to('cpu', t.float32)", "x.to(device='cpu', dtype=t.int64)", "x.type(t.float64)", "x.type('torch.LongTensor')", "x.type_as(t.ones(1))", "x.cpu()", "x.to(t.ones(1))", "x.type(t.LongTensor)",
                    "x.float().long()", "x.to(t.long)", "x.to(t.float, non_blocking=True)", "x.type()"], ["f8 2,3", "f4 3", "i8 2,2", "b1 3", "u1 2"], (0.2, 3.0)),
    Row("python", ["x.sum().item()", "x.tolist()", "float(x.sum())", "int(x.sum())", "bool(x.sum() > 0)", "x.shape[0]", "f'{x.sum():.4f}'", "'%.3f' % x.sum()", "'%d' % x.sum()", "'{:.2f}'.format(x.sum())",
                   "[float(v) for v in x.reshape(-1)]", "x.data.sum().item()", "chr(t.tensor(65))", "'abc'[t.tensor(1)]", "[1, 2, 3][t.tensor(0):t.tensor(2)]", "range(t.tensor(3))[-1]", "not (x.sum() == 0)",
                   "[a.item() for a, b in zip(x.reshape(-1), x.reshape(-1))]", "x.reshape(-1)[0].item() in x", "f'{x.reshape(-1)[0].item()}'", "'%d of %d' % (t.tensor(3), 4)", "len(x)", "'abc'[:t.tensor(2)]",
                   "len(range(x.shape[0]))", "x.detach().numpy().tolist()", "int(t.tensor([3]))", "float(t.tensor([[2.5]]))", "[7, 8][t.tensor([1])]", "x.size()[0]", "x.is_leaf", "x.requires_grad",
                   "sum(x.reshape(-1).tolist())", "max(x.reshape(-1).tolist())", "x.device.type", "str(x.device)", "f'{t.tensor(3)}'", "f'{t.tensor(2.5):.1f}'", "'{}'.format(t.tensor(3))",
                   "f'{t.tensor([1, 2])}'", "str(t.tensor([1.5, 2]))", "t.tensor(7).__index__()", "round(t.tensor(2.5).item())"], ["f8 2,3", "f4 3", "i8 2,2"]),
    Row("info", ["t.finfo(t.float32).max", "t.finfo(t.float32).eps", "t.finfo(t.float64).min", "t.finfo(x.dtype).tiny", "t.finfo(t.float32).smallest_normal", "t.iinfo(t.int64).max", "t.iinfo(t.int32).min",
                 "t.finfo(x.dtype).bits", "t.iinfo(t.uint8).max", "t.finfo(x.dtype).resolution", "t.finfo(t.float16).max", "t.iinfo(t.int8).bits", "t.finfo().max"], X[:2]),
]  # fmt: skip
