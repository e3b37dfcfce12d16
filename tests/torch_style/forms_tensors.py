"""What sequence programs do with tensors: functions, methods, indices, operators, Python's built-ins.

Every form is a few statements, the last of them an expression. `torch` is the library; the other names are made by
`inputs` in test_surface.py: x, y (2, 3), v (3,), sq (4, 4), b3 (2, 3, 4), c3 (2, 4, 5) floats; p (2, 3) and
q (3,) that require grad; ids (3,), ids2 (2, 3), k () int64; mask (2, 3) bool, mask8 (2, 3) uint8.
"""

CREATION = {
    "zeros": [
        "torch.zeros(2, 3, 4)", "torch.zeros(3)", "torch.zeros(2, 3)", "torch.zeros((2, 3))", "torch.zeros(x.size())",
        "torch.zeros((2, 3), dtype=torch.int64, device='cpu')", "torch.zeros(2, dtype=torch.int64)",
        "torch.zeros([2, 3])", "torch.zeros(2, 3, dtype=torch.float64)", "torch.zeros(2, 3, dtype=torch.int64)",
        "torch.zeros((2, ids.max()))", "torch.zeros(2, k)", "torch.zeros(2, 3, requires_grad=True)",
        "torch.zeros(0, 3)",
    ],
    "ones": [
        "torch.ones(3)", "torch.ones(2, 3)", "torch.ones([2])", "torch.ones((2, 3))", "torch.ones(2, 2).long()",
    ],
    "LongTensor": [
        "torch.LongTensor([1, 2])", "torch.LongTensor([[1, 2], [3, 4]])", "torch.LongTensor(3).size()",
        "torch.LongTensor(2, 3).shape", "torch.LongTensor([k, k])", "torch.LongTensor([])",
        "torch.LongTensor([np.array([1, 2])])", "torch.LongTensor([(1, 2), (3, 4)])",
        "torch.LongTensor(np.array([1, 2]))",
    ],
    "FloatTensor": [
        "torch.FloatTensor([np.array([1., 2.])])", "torch.FloatTensor(np.array([1, 2], dtype=np.float32))",
        "torch.FloatTensor()", "torch.FloatTensor(3).size()", "torch.FloatTensor([0.5, 1.5])",
        "torch.cat((torch.FloatTensor(), x), 0)", "torch.cat([torch.FloatTensor(), x, y])",
    ],
    "other legacy constructors": [
        "torch.BoolTensor([[1, 0], [0, 1]])", "torch.ByteTensor([1, 0])", "torch.IntTensor([1, 2])",
        "torch.DoubleTensor([1, 2])",
    ],
    "Tensor": [
        "torch.Tensor(2, 3).shape", "torch.Tensor(2, 3, 4).size()", "torch.Tensor([1, 2])",
        "torch.Tensor([[1, 2], [3, 4]])", "torch.Tensor([0]).dtype", "isinstance(x, torch.Tensor)",
        "isinstance(3, torch.Tensor)", "torch.is_tensor(x)",
    ],
    "tensor": [
        "torch.tensor([1, 2], dtype=torch.int64)", "torch.tensor([1, 2])", "torch.tensor([[1, 2], [3, 4]])",
        "torch.tensor([[[1.], [2.]]])", "torch.tensor([[1, 2]], dtype=torch.int64)", "torch.tensor([1., 2.])",
        "torch.tensor([1, 2], dtype=torch.float32)", "torch.tensor([1, 2], dtype=torch.int64, device=device)",
        "torch.tensor(3.5)", "torch.tensor([k.item()])", "torch.tensor(True)",
        "torch.tensor([1, 2], dtype=torch.float)", "torch.tensor([k, k])", "torch.tensor(np.array([1.0, 2.0]))",
    ],
    "arange": [
        "torch.arange(0, 4, dtype=torch.int64, device=device)", "torch.arange(4)", "torch.arange(4, device='cpu')",
        "torch.arange(4, dtype=torch.int64)", "torch.arange(0, 4, dtype=torch.float32)", "torch.arange(0, 6, 2)",
        "torch.arange(0, 5, dtype=torch.float).unsqueeze(1)",
    ],
    "others": [
        "torch.from_numpy(np.ones((2, 2)))", "torch.empty(2, 3, dtype=torch.int64, device=device).shape",
        "torch.empty([2]).size()", "torch.full((2, 3), -10000.)", "torch.linspace(0, 1, 5)", "torch.ones_like(x)",
        "torch.zeros_like(ids)", "torch.eye(3)", "torch.as_tensor([1, 2])",
        "torch.from_numpy(np.array([1, 2])).float()",
    ],
}  # fmt: skip

RANDOM = {
    "randn": [
        "torch.randn(2, 3)", "torch.randn(2, 3, 4)", "torch.randn((2, 3))", "torch.randn(2, generator=g)",
        "torch.randn((2, 3), generator=g)", "torch.randn(3)", "torch.randn(2, requires_grad=True)",
    ],
    "randint": [
        "torch.randint_like(x, 5)", "torch.randint_like(ids, 2, 5)", "torch.randint(1, 5, (2, 3))", "torch.randint(5, (2, 3))", "torch.randint(0, 5, (2,), generator=g)",
        "torch.randint(0, 9, (1,)).item() < 9",
    ],
    "rand": [
        "torch.rand([2])", "torch.rand(2, 3)",
    ],
    "randperm": [
        "torch.randperm(5)", "torch.randperm(5, generator=g)", "sorted(torch.randperm(4).tolist())",
    ],
    "multinomial": [
        "torch.multinomial(x.exp(), num_samples=1)", "torch.multinomial(v.exp(), 1)",
        "torch.multinomial(x.exp(), num_samples=1, generator=g)", "torch.multinomial(v.exp(), 1)[0].shape",
        "torch.multinomial(torch.tensor([0., 0., 1.]), 4, replacement=True)",
    ],
    "Generator": [
        "torch.Generator().manual_seed(3).initial_seed()", "torch.Generator(device=device).device",
        "g = torch.Generator(); g.manual_seed(1); torch.rand(2, generator=g).shape",
    ],
    "manual_seed": [
        "torch.manual_seed(1); torch.randn(2)",
        "torch.manual_seed(1); a = torch.rand(3); torch.manual_seed(1); torch.equal(a, torch.rand(3))",
        "torch.cuda.manual_seed(1)", "torch.cuda.manual_seed_all(1)", "torch.manual_seed(1).initial_seed()",
    ],
    "filling": [
        "torch.zeros(2, 3).normal_(0, 1)", "torch.zeros(3).uniform_(-1, 1)", "torch.bernoulli(torch.full((3,), 0.5))",
        "torch.zeros(3).data.normal_(0, 0.01)",
    ],
}  # fmt: skip

FUNCTIONS = {
    "cat": [
        "torch.cat((x, y), dim=1)", "torch.cat((x, y), 1)", "torch.cat([x, y], dim=0)", "torch.cat([x, y])",
        "torch.cat([x, y], -1)",
    ],
    "stack": [
        "torch.stack([x, y])", "torch.stack([x, y], dim=1)", "torch.stack([x, y], 2)", "torch.stack([k, k])",
    ],
    "products": [
        "torch.bmm(b3, c3)", "torch.matmul(b3, c3)", "torch.matmul(x, v)", "torch.dot(v, v)", "b3.bmm(c3)",
        "x @ y.t()", "v @ v", "b3 @ sq", "torch.mm(x, y.t())", "torch.einsum('bth,bhk->btk', b3, c3)",
    ],
    "elementwise": [
        "torch.tanh(x)", "torch.log(x.abs())", "torch.exp(x)", "torch.pow(x.abs(), 0.5)", "torch.sqrt(x.abs())",
        "torch.abs(x)", "torch.cos(x)", "torch.sin(x)", "torch.div(x, y)", "torch.erf(x)", "torch.sigmoid(x)", "torch.lgamma(x)", "torch.digamma(x)",
        "torch.clamp(x, -0.5, 0.5)", "torch.where(mask, x, y)", "torch.relu(x)", "torch.log10(x.abs())",
        "torch.maximum(x, y)",
    ],
    "comparisons": [
        "torch.eq(ids, 1)", "torch.gt(x, 0)", "torch.all(mask)", "torch.allclose(x, x + 1e-9)", "torch.eq(ids, ids)",
        "torch.any(mask)", "torch.equal(x, x)",
    ],
    "reductions": [
        "torch.sum(x)", "torch.sum(x, dim=1)", "torch.max(x, 1)", "torch.max(x)", "torch.mean(x, 0)",
        "torch.logsumexp(x, 1)", "torch.argmax(x, 1)", "torch.min(x, 0)[0]", "torch.cumsum(x, dim=0)",
    ],
    "softmax": [
        "torch.softmax(x, dim=1)", "torch.log_softmax(x, dim=-1)", "torch.softmax(b3, 0)",
    ],
    "choosing": [
        "torch.gather(x, 1, ids2)", "torch.tril(sq)", "torch.topk(x, k=2, dim=1)", "torch.roll(x, 1, 0)",
        "torch.triu(torch.ones(3, 3), diagonal=1)", "torch.tril(torch.ones(3, 3)).view(1, 1, 3, 3)",
        "torch.nonzero(mask)", "torch.index_select(x, 1, ids)", "torch.flip(x, [0])",
    ],
    "shapes": [
        "torch.transpose(x, 0, 1)", "torch.squeeze(x[:1])", "torch.unsqueeze(x, 0)", "torch.split(x, 2, dim=1)",
        "torch.chunk(x, 3, dim=1)", "torch.reshape(x, (3, 2))", "torch.flatten(b3, 1)", "torch.numel(x)",
    ],
}  # fmt: skip

METHODS = {
    "backward, grad": [
        "(p * 2).sum().backward(); p.grad", "p.grad", "p.grad = None; p.grad",
        "(p * q).sum().backward(); (p.grad, q.grad)", "h = p * 2; h.retain_grad(); (h * h).sum().backward(); h.grad",
        "p.requires_grad", "(p * 2).requires_grad", "x.requires_grad = True; x.requires_grad",
        "p.requires_grad = False; p.requires_grad", "p.sum().backward(); p.grad.zero_(); p.grad",
        "p.grad = torch.ones(2, 3); p.grad", "p.sum().backward(); p.sum().backward(); p.grad",
        "(p ** 2).backward(torch.ones(2, 3)); p.grad", "p.sum().backward(); p.grad.data.norm(2)",
    ],
    "item, tolist, numpy": [
        "x.sum().item()", "k.item()", "x.tolist()", "ids.tolist()", "x.numpy()", "p.detach().numpy()",
        "p.data.numpy()", "x.cpu().numpy()", "mask.tolist()",
    ],
    "view": [
        "x.view(3, 2)", "x.view(-1)", "x.view(1, 2, 3)", "x.view(1, 2, 3, 1)", "x.view(y.size())", "x.view((3, 2))",
        "x.view(-1, 2)", "b3.view(2, -1)", "x.view_as(torch.zeros(3, 2))", "x.view(6)",
    ],
    "size, shape": [
        "x.size(0)", "x.size()", "x.size(-1)", "x.shape", "x.size()[0]", "x.shape[-1]", "x.dim()", "x.ndim",
        "x.numel()", "x.nelement()", "len(x)", "B, T = x.shape; B * T", "a, b, c = b3.size(); (a, b, c)",
        "x.size() == y.size()", "x.shape[:1]", "tuple(x.shape)", "list(x.size())",
    ],
    "data": [
        "p.data", "p.data.requires_grad", "p.data.add_(torch.ones(2, 3), alpha=-0.1); p", "p.data += 1; p",
        "p.data[0, :] = -10000; p", "p.data = torch.zeros(2, 3); p", "h = p * 2; h = h.data; h.requires_grad",
        "(p * 2).sum().data.item()", "p.data.max(1, keepdim=True)[1]", "p.data.copy_(x); p", "p.data.fill_(1); p",
        "p.data.uniform_(-0.0, 0.0); p", "p.data -= 0.1 * x; p", "p.data.zero_(); p", "p.data.mul_(0.5); p",
    ],
    "squeeze, unsqueeze": [
        "x.unsqueeze(1)", "x.unsqueeze(-1)", "x.unsqueeze(dim=0)", "x.unsqueeze(0).squeeze(0)",
        "x.unsqueeze(0).squeeze()", "x.unsqueeze(0).squeeze(dim=0)", "x.squeeze(1)",
        "a = x.clone(); a.unsqueeze_(0); a.shape",
    ],
    "transpose, permute": [
        "x.transpose(0, 1)", "b3.transpose(1, 2).contiguous().view(2, -1)", "b3.permute(2, 0, 1)", "x.t()", "x.T",
        "b3.transpose(-2, -1)", "x.t().contiguous()", "b3.mT",
    ],
    "max, argmax": [
        "x.max(1, keepdim=True)", "x.max(1)", "x.max()", "x.max(1)[1]", "x.max(1)[0]", "x.max(1).values",
        "x.max(1).indices", "a, b = x.max(1); (a, b)", "x.max(1, keepdim=True)[1]", "x.argmax(dim=1)",
        "x.argmax(dim=1, keepdim=True)", "x.argmax(1)", "x.argmax()", "x.topk(1)", "x.topk(2)[1][0][0].item()",
        "x.sort(1, descending=True)", "x.data.topk(1)[1].squeeze().detach()",
    ],
    "sum, mean, var": [
        "x.sum()", "x.sum(1)", "x.sum(1, keepdims=True)", "x.sum(1, keepdim=True)", "x.mean()",
        "x.mean(1, keepdim=True)", "x.mean(0)", "b3.mean((0, 1), keepdim=True)", "x.var(1, keepdim=True)",
        "x.var(1, keepdim=True, unbiased=True)", "b3.var((0, 1), keepdim=True)", "x.std(0)", "ids.sum()",
        "mask.sum()", "mask.sum().item()", "x.var(1, unbiased=False)", "x.norm()", "x.logsumexp(1)", "x.mean(-1)",
    ],
    "to, types": [
        "x.to(device)", "x.to('cpu')", "x.cpu()", "ids.float()", "x.long()", "mask8.byte()", "(x > 0).byte()",
        "x.double()", "x.type(torch.float64)", "x.type(torch.LongTensor)", "x.dtype", "x.device", "ids.dtype",
        "ids.type(torch.FloatTensor)", "x.type_as(ids)", "x.to(torch.float64)", "x.bool()", "x.int()", "x.is_cuda",
        "x.dtype == torch.float32",
    ],
    "eq and other comparisons": [
        "x.eq(y)", "ids.eq(1)", "ids.eq(ids).sum().item()", "ids.ne(1)", "x.gt(0)", "(x > 0).all()", "x.eq(x).all()",
        "x.lt(y)",
    ],
    "elementwise": [
        "x.exp()", "x.abs()", "x.abs().log10()", "x.abs().log()", "x.div(2.0)", "x.masked_fill(mask, -1e9)",
        "x.masked_fill(mask == 0, float('-inf'))", "x.view(-1).div(0.8).exp()", "x.tanh()", "x.pow(2)", "x.sigmoid()",
        "x.clamp(min=0)", "x.neg()", "x.sqrt().isnan()",
    ],
    "expand, repeat": [
        "x.expand(4, 2, 3)", "v.expand(2, 3)", "v.expand((2, 3))", "v.expand_as(x)", "x.repeat(2, 1, 1)",
        "x.repeat(2, 2)", "x.repeat(1, 2, 1, 1)", "v.repeat(2)", "v.expand(2, -1)", "v.unsqueeze(0).expand(2, 3)",
    ],
    "split and others": [
        "x.split(1, dim=1)", "x.chunk(3, 1)", "x.flip(0)", "x.masked_select(mask)", "x.narrow(1, 0, 2)",
        "x.new_zeros(1, 2, 3)", "x.reshape(1, 2, 3)", "x.reshape(-1)", "x.reshape(3, 2)", "x.clone()",
        "x.contiguous()", "x.detach()", "p.detach().requires_grad", "p.clone().requires_grad", "x.is_contiguous()",
        "x.gather(1, ids2)", "x.unbind(0)", "x.data_ptr() == x.view(-1).data_ptr()", "x.new_tensor([1, 2])",
        "x.index_select(0, k.view(1))", "torch.zeros(2, 4).scatter_(1, ids2, 1)", "x.select(1, 0)",
    ],
    "in place": [
        "a = x.clone(); a.add_(y, alpha=-0.5); a", "x.fill_(1); x", "x.masked_fill_(mask, -1e9); x",
        "h = p * 2; h.masked_fill_(mask, -1.0); h.sum().backward(); p.grad", "v.apply_(lambda t: t * 2); v",
        "x.clamp_(0, 1); x",
        "a = p * 1; a.masked_fill_(mask8.bool(), float('-inf')); torch.softmax(a[1:], 1).sum().backward(); p.grad",
        "x.mul_(2); x", "x.zero_(); x", "x.copy_(y); x", "x.t_().shape", "p.grad is None",
        "p.detach_().requires_grad", "h = p * 2; h.detach_(); h.requires_grad", "p.detach().add_(1); p",
    ],
}  # fmt: skip

GET = [
    "x[0]", "x[:1]", "x[-1]", "b3[:, -1, :]", "x[1:]", "x[:, 1]", "v[ids]", "v[ids2]", "x[0:1]", "x[:, -2:]",
    "x[:, 0:2]", "x[0, 1]", "x[-1:]", "b3[:, :, :-1]", "sq.view(1, 1, 4, 4)[:, :, :2, :2]", "x[:, :-1]",
    "b3[:, 0, :]", "x[:k]", "v[k:ids.max() + 1]", "b3[-1, :, :]", "x[:, -1]", "b3[:, :, -1]", "b3[:, :, :2]",
    "b3[:, :, None]", "b3[:, :, 1:]", "x[:, :2]", "b3[:, :2, :2]", "x[:, 1:]", "x[:1, :]", "x[:1, :2]", "x[mask]",
    "v[k]", "x[k, k]", "x[ids[:2].clamp(max=1), ids[:2]]", "b3[(b3 > 0).to(torch.uint8).bool()]", "x[0, :]",
    "b3[0, :2, :]", "x[0, k]", "x[0, 1:]", "b3[0, 1, np.int64(2)]", "v[[0, 2]]", "x[range(2), ids[:2]]",
    "x[range(2), [0, 1]]", "x[None]", "b3[..., 0]", "x[:, None, :]", "x[torch.arange(2), torch.tensor([2, 0])]",
    "x[x > 0]", "ids2[0][1]", "b3[0][1][2]", "ids[-1].item()", "x[torch.tensor([True, False])]", "x[::2]",
    "v[ids == 1]", "(p[0] * 2).sum().backward(); p.grad", "p[:, -1].sum().backward(); p.grad",
    "p[[0, 0]].sum().backward(); p.grad", "q[ids2].sum().backward(); q.grad", "p[mask].sum().backward(); p.grad",
    "p[0, k].backward(); p.grad", "q[k].backward(); q.grad",
]  # fmt: skip

SET = [
    "x[0] = 1; x", "z = torch.zeros(2, 3); z[0] = q * 2; z.sum().backward(); (z, q.grad)", "x[:, 1] = 5; x",
    "x[:1] = y[:1]; x", "sq[:, 0::2] = 1; sq", "b3[:1, :, :2] = 0; b3",
    "z = torch.zeros(2, 3); z[mask] = p[mask]; (z * y).sum().backward(); (z, p.grad)", "x[1:] = 0; x",
    "v[0:2] = -1; v", "x[0, :] = v; x", "b3[0, :, 1] = 7; b3", "x[0, :k] = 3; x", "x[0, 1] = 9; x",
    "b3[0, 1, np.int64(2)] = 4; b3", "x[range(2), ids[:2]] = 0; x", "x[0][2] = 1; x",
    "t = torch.zeros(2, 1, 5); t[1][0][3] = 1; t", "t = torch.zeros(2, 2); t[0][1] += 1; t[1][1] += 2; t",
    "x[range(2), ids[:2]] -= 1; x", "x[k] += v; x",
    "h = p * 2; h[range(2), ids[:2]] -= 1; (h * h).sum().backward(); (h, p.grad)",
    "h = p * 1; h[k] += q; (h * x).sum().backward(); (h, p.grad, q.grad)",
    "z = torch.zeros(4, 3); z[2] = p.sum(0); z[0] = p[1]; (z * z).sum().backward(); p.grad",
    "s = torch.zeros(3); s[0] = p.sum(); s[1] = p[0, 1] * 2; torch.softmax(s, 0)[0].backward(); p.grad",
    "s = torch.zeros(2, 4); s[1, 2] = p.mean(); s.sum().backward(); (s, p.grad)", "v[:2] = torch.tensor([5., 6.]); v",
    "x[mask] = 0; x", "x[x < 0] = 0; x", "ids[0] = 7; ids", "ids[1] = k; ids",
    "z = torch.zeros(3).long(); z[0] = 2; z", "x[0] *= 2; x", "x[:, 0] /= 2; x",
    "x[-1] = torch.tensor([1., 2., 3.]); x", "m = torch.zeros(3).byte(); m[1] = 1; m", "x.data[1, :] = -1; x",
    "h = p * 2; h[0] = 0; h.sum().backward(); p.grad",
]  # fmt: skip

OPERATORS = {
    "+": [
        "x + y", "x + 1.5", "1.5 + x", "ids + 1", "(x > 0) + mask8", "ids + ids", "1 + x", "x + v", "x + k",
        "mask + mask",
    ],
    "*": [
        "x * y", "x * 0.5", "0.5 * x", "2 * x", "0.5 * ids", "ids * v", "ids * ids", "x * 2", "x * np.float64(2)",
        "math.sqrt(2) * x",
    ],
    "/": [
        "x / 2.0", "x / y", "x / 2", "ids / 2", "1.0 / x", "x / k", "mask.sum() / len(mask)",
    ],
    "-": [
        "x - y", "1 - x", "1.0 - x", "x - 1", "-x", "-ids",
    ],
    "**": [
        "x.abs() ** y", "x ** 2.0", "x ** 2", "2 ** x", "10 ** x", "(x.abs() + 1) ** -0.5", "x.abs() ** 0.5",
        "10000 ** (torch.arange(0, 4, 2).float() / 4)",
    ],
    "compared": [
        "ids == ids", "x == 0", "ids == 1", "x == y", "x > 0", "x > y", "x != y", "x <= 1", "not mask.all()",
        "(ids == k).sum()", "~mask", "mask & (x > 0)", "mask | mask", "mask8 == 0",
    ],
    "in place": [
        "x += y; x", "ids += ids; ids", "a = 0; a += x.sum(); a", "a = 0; a += k; a", "x /= 2; x", "p.data += 1; p",
        "x *= 2; x", "x -= y; x", "loss = torch.Tensor([0]); loss += p.sum(); loss.backward(); (loss, p.grad)",
        "loss = 0\nfor row in p: loss += row.sum()\nloss.backward(); p.grad",
        "loss = torch.zeros(1)\nfor i in range(3): loss += (p * i).sum()\nloss.backward(); p.grad",
        "h = torch.zeros(2, 3); h = h + p; h += 1; (h * h).sum().backward(); p.grad",
    ],
    "//, %": [
        "ids // 2", "ids % 2", "x % 1", "torch.div(ids, 2, rounding_mode='floor')",
    ],
}  # fmt: skip

BUILTINS = {
    "iterate": [
        "[i.item() for i in ids]", "[t.item() + 1 for t in ids]", "[row.sum() for row in x]",
        "[a.shape for a in b3.long()]", "[r for r in p][0].requires_grad", "[(i, t.item()) for i, t in enumerate(v)]",
        "[(a.item(), b.item()) for a, b in zip(ids, v)]", "tuple(v)", "a, b, c = ids; b",
        "list(reversed(v.tolist()))", "list(map(int, ids))", "max(x[0]).item()", "sum(v)", "sum([x, y])",
    ],
    "len, bool, int": [
        "len(ids)", "len(x)", "bool(mask.any())", "1 if ids[0] == 1 else 0", "int(mask[0, 0])", "int(k)",
        "float(x[0, 0])", "bool(x.sum() > 0)", "5 in ids", "k in [1, 2]", "round(x[0, 0].item(), 2)", "abs(x)",
        "[5, 6, 7][k]", "'abc'[k]", "list('abc')[torch.tensor([[2]])]", "chr(k + 64)", "range(k)", "'ab' * k",
        "np.array(x)", "np.asarray(ids)", "math.exp(x[0, 0])", "[0] * ids.max()",
    ],
    "print, format": [
        "str(x)", "str(ids)", "str(k)", "str(mask)", "str(x[0, 0])", "str(x.size())", "str(x.shape)", "str(device)",
        "repr(p)", "'{}'.format(x[0, 0].item())", "'{:.6f}'.format(x[0, 0])", "'{:.4f} {}'.format(x[0, 0], k)",
        "f'{x[0, 0]}'", "f'{x[0, 0]:.4f}'", "f'{k}'", "f'{k:3d}'", "'%.4f' % x[0, 0]", "'%d %.2f' % (k, x[0, 0])",
        "'%s' % k", "'{}'.format(x)", "str(p.sum())", "str(torch.zeros(0))", "f'{x.shape}'", "f'{x[0, 0]:>10.3f}'",
    ],
    "append": [
        "a = []; a.append(x); a.append(y); torch.stack(a)", "a = []; a.append(k); a",
        "torch.cat([r.view(1, -1) for r in x])", "{k.item(): 1}", "sorted([3, k.item()])",
    ],
}  # fmt: skip

MODES = {
    "no_grad": [
        "with torch.no_grad(): h = p * 2\nh.requires_grad",
        "@torch.no_grad()\ndef f(a): return a * 2\nf(p).requires_grad",
        "with torch.no_grad(): p -= 0.1 * torch.ones(2, 3)\np", "torch.is_grad_enabled()",
        "with torch.inference_mode(): h = p * 2\nh.requires_grad",
        "@torch.inference_mode()\ndef f(a): return a * 2\nf(p).requires_grad",
        "with torch.set_grad_enabled(False): h = p * 2\nh.requires_grad",
        "with torch.no_grad():\n  with torch.enable_grad(): h = p * 2\nh.requires_grad",
        "with torch.autograd.set_detect_anomaly(True): h = p.sum(); h.backward()\np.grad",
        "with torch.autograd.detect_anomaly(False): pass\n1",
    ],
    "autograd": [
        "torch.autograd.Variable(x)", "torch.autograd.Variable(x, requires_grad=True).requires_grad",
        "torch.autograd.grad((p * p).sum(), p)", "torch.autograd.Variable(torch.LongTensor([1, 2]))",
        "isinstance(x, torch.autograd.Variable)", "torch.autograd.backward((p * 2).sum()); p.grad", "p.is_leaf",
        "torch.autograd.Variable(p * 2).requires_grad", "(p * 2).grad_fn is None",
        "torch.autograd.Variable(torch.zeros(1, 3)).size()",
    ],
    "dtypes": [
        "torch.zeros(2, dtype=torch.long)", "torch.zeros(2, dtype=torch.float)", "torch.zeros(2, dtype=torch.double)",
        "torch.zeros(2, dtype=torch.int64)", "torch.zeros(2, dtype=torch.bool)", "torch.zeros(2, dtype=torch.uint8)",
        "torch.zeros(2, dtype=torch.half)", "torch.zeros(2, dtype=torch.int)", "torch.zeros(2, dtype=torch.short)",
        "torch.long == torch.int64", "str(torch.float32)", "isinstance(torch.float32, torch.dtype)",
        "torch.finfo(torch.float32).min", "torch.get_default_dtype()", "str(torch.tensor([1]).dtype)",
        "torch.iinfo(torch.int64).max", "torch.float32.itemsize",
    ],
    "devices": [
        "torch.cuda.is_available()", "torch.device('cpu')",
        "torch.device('cuda' if torch.cuda.is_available() else 'cpu')", "torch.device('cpu').type",
        "torch.cuda.device_count()", "torch.get_default_device()",
        "torch.set_default_device('cpu'); torch.get_default_device()", "torch.accelerator.is_available()",
        "torch.backends.cudnn.deterministic = True; torch.backends.cudnn.deterministic",
        "torch.backends.cudnn.benchmark = False; torch.backends.cudnn.benchmark",
        "torch.backends.cudnn.is_available()", "torch.cuda.empty_cache()", "torch.zeros(2).to(torch.device('cpu'))",
        "torch.backends.mps.is_available()", "torch.backends.cudnn.enabled = False",
        "torch.set_default_dtype(torch.float32)", "torch.manual_seed(0).device",
        "torch.accelerator.current_accelerator() if torch.accelerator.is_available() else torch.device('cpu')",
        "torch.device('cpu') == x.device", "x.device == 'cpu'", "x.device.type == 'cuda'",
        "x.to(x.device, torch.float64)",
    ],
    "size": [
        "x.size()[1:].numel()", "str(x.size()[1:])", "str(x.size() + (1,))", "x.shape == (2, 3)", "x.size()[:-1] + (4,)",
        "torch.Size([2, 3]) == x.size()", "isinstance(x.size(), torch.Size)", "isinstance(x.size(), tuple)",
        "x.size().numel()", "x.size() + (1,)", "torch.zeros(*x.size())", "torch.zeros(x.size(0), *x.size()[1:])",
        "x.size()[-1]", "str(torch.Size([2]))",
    ],
}  # fmt: skip

BEHAVIOURS = {
    "stores and masks": [
        "b3[(b3 > 0).to(torch.uint8)]",
        "a = torch.full((2, 3), float('-inf')); t = p * 1; t[mask] = a[mask]; torch.softmax(t[1:], 1).sum().backward(); p.grad",
        "t = torch.zeros(3, 3); t[ids[0]][ids[1]] += 1; t", "t = torch.zeros(3, 3); t[ids[0]] += v; t",
        "t = torch.ones(3, 3)\nfor i in range(3): t[i] = t[i] / t[i].sum()\nt",
        "torch.zeros(2, 4).scatter_(1, ids2[:, :1], 1.0)", "v.index_add_(0, torch.tensor([0]), torch.ones(1))",
    ],
    "idioms": [
        "torch.zeros((2, torch.tensor([1, 3]).max()))", "x.data.cpu().numpy().argmax()", "_, a = torch.max(p.data, 1); a",
        "(torch.max(x, 1)[1] == ids[:2]).sum().item()", "tuple(each.data for each in (p, q))", "x[torch.LongTensor([1, 0])]",
        "torch.max(x, dim=1, keepdim=True)", "x.data[0][0]", "torch.stack(list(x), 1)", "(ids != 0).long().sum()",
        "F.cross_entropy(sq.view(-1, sq.size(-1)), torch.tensor([0, -1, 2, 3]), ignore_index=-1)", "torch.tensor([]).size()",
        "x.view(2, 3, 1).expand(-1, -1, 2)", "1 - mask.float()", "torch.sum(x * y, dim=1, keepdim=True)", "x.type()",
        "x.type('torch.DoubleTensor')", "ids.type()", "torch.autograd.grad(p.sum() * 2, [p], create_graph=True)",
        "torch.arange(5.0)", "x.add(1).div_(2)", "torch.addmm(x, y, torch.ones(3, 3))", "x.square().sum().sqrt()",
    ],
}  # fmt: skip
