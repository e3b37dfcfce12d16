"""What sequence programs do with modules, losses, optimizers, data loaders and files.

As forms_tensors.py. Also there: `fill(module)` gives a module the same weights in both libraries and returns it;
`g`, a Generator; `nn`, `F`, `optim`, `data` (utils.data), `rnn` (nn.utils.rnn), `np`, `math`; `tmp`, a folder; `io`.
"""

NET = """
class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.emb = nn.Embedding(5, 4)
        self.out = nn.Linear(4, 5, bias=False)
        self.register_buffer("scale", torch.ones(4) * 2)
    def forward(self, i):
        return self.out(self.emb(i) * self.scale)
net = fill(Net())
"""

MODULES = {
    "nn.Linear": [
        "fill(nn.Linear(3, 4))(x)", "fill(nn.Linear(3, 4, bias=False))(x)", "nn.Linear(3, 4).weight.shape",
        "fill(nn.Linear(3, 4)).bias", "nn.Linear(3, 4, bias=False).bias", "str(nn.Linear(3, 4))",
        "l = nn.Linear(3, 4); l.weight = nn.Parameter(torch.ones(4, 3)); l.bias.data.fill_(0); l(x)",
        "l = fill(nn.Linear(3, 4)); l.weight.data.uniform_(0., 0.); l.bias.data.zero_(); l(x)",
        "fill(nn.Linear(3, 4))(b3.transpose(1, 2)[:, :, :3])", "isinstance(nn.Linear(2, 2), nn.Linear)",
        "nn.Linear(3, 4).in_features", "nn.Linear(3, 4).out_features",
    ],
    "nn.Embedding": [
        "fill(nn.Embedding(5, 4))(ids)", "nn.Embedding(5, 4, padding_idx=0).weight[0]",
        "e = fill(nn.Embedding(5, 2, padding_idx=1)); e(ids).sum().backward(); e.weight.grad",
        "nn.Embedding.from_pretrained(x, freeze=True)(ids % 2)",
        "nn.Embedding.from_pretrained(x, freeze=True).weight.requires_grad",
        "e = fill(nn.Embedding(5, 2)); e.weight.data.copy_(torch.zeros(5, 2)); e(ids2)",
        "fill(nn.Embedding(5, 4))(k).view(1, 1, -1)", "isinstance(nn.Embedding(2, 2), nn.Embedding)",
        "nn.Embedding(5, 4).embedding_dim", "str(nn.Embedding(5, 4, padding_idx=0))",
        "e = nn.Embedding(5, 2); e.weight.requires_grad = False; e(ids).requires_grad",
        "fill(nn.Embedding(5, 4))(ids2).view(len(ids2), -1)",
    ],
    "losses": [
        "nn.CrossEntropyLoss()(sq, torch.tensor([0, 1, 2, 3]))", "nn.CrossEntropyLoss(ignore_index=0)(x, ids[:2])",
        "nn.NLLLoss()(torch.log_softmax(x, 1), ids[:2])", "nn.MSELoss()(x, y)",
        "nn.BCELoss()(x.sigmoid(), mask.float())", "nn.BCEWithLogitsLoss()(x, mask.float())",
        "nn.CrossEntropyLoss()(b3, ids2[:, :1].expand(2, 4))", "nn.CrossEntropyLoss(reduction='sum')(x, ids[:2])",
        "nn.CrossEntropyLoss(weight=torch.tensor([1., 2., 3.]))(x, ids[:2])",
        "nn.KLDivLoss(reduction='batchmean')(torch.log_softmax(x, 1), torch.softmax(y, 1))", "nn.L1Loss()(x, y)",
        "nn.SmoothL1Loss()(x, y)", "nn.MSELoss(reduction='none')(x, y)",
        "nn.CTCLoss()(torch.log_softmax(torch.ones(6, 1, 4), 2), torch.tensor([[1, 2]]), torch.tensor([6]), torch.tensor([2]))",
        "nn.CrossEntropyLoss().to(device)(x, ids[:2])",
    ],
    "nn.LSTM": [
        "[t.shape for t in nn.LSTM(input_size=3, hidden_size=4)(b3.permute(0, 2, 1))[1]]",
        "fill(nn.LSTM(input_size=3, hidden_size=2, batch_first=True))(b3.transpose(1, 2))",
        "fill(nn.LSTM(input_size=4, hidden_size=2, bidirectional=True))(b3)",
        "fill(nn.LSTM(input_size=4, hidden_size=2, num_layers=2))(b3)", "fill(nn.LSTM(4, 2))(b3)",
        "fill(nn.LSTM(4, 2, batch_first=True))(b3)", "fill(nn.LSTM(4, 2, bidirectional=True))(b3)",
        "fill(nn.LSTM(4, 2, 2, batch_first=True))(b3)",
        "fill(nn.LSTM(4, 2, 2, batch_first=True, bidirectional=True))(b3)",
        "fill(nn.LSTM(4, 2, 2, bidirectional=True, dropout=0.5, batch_first=True)).eval()(b3)",
        "fill(nn.LSTM(4, 2, 2, dropout=0.2)).eval()(b3)",
        "fill(nn.LSTM(4, 2, 2, dropout=0.2, bidirectional=True)).eval()(b3)",
        "fill(nn.LSTM(4, 2, num_layers=1, bidirectional=True))(b3)",
        "fill(nn.LSTM(4, 2))(b3, (torch.ones(1, 3, 2), torch.zeros(1, 3, 2)))",
        "fill(nn.LSTM(4, 2))(b3, [torch.ones(1, 3, 2), torch.zeros(1, 3, 2)])",
        "out, (h, c) = fill(nn.LSTM(4, 2))(b3); h[-1]", "nn.LSTM(4, 2, bidirectional=True).bidirectional",
        "nn.LSTM(4, 2).hidden_size", "nn.LSTM(4, 2, 3).num_layers", "nn.LSTM(4, 2).flatten_parameters()",
        "isinstance(nn.LSTM(1, 1), nn.LSTM)", "fill(nn.LSTM(4, 2))(sq)",
        "str(nn.LSTM(4, 2, 2, batch_first=True, dropout=0.5))",
        "[n for n, _ in nn.LSTM(4, 2, 2, bidirectional=True).named_parameters()]",
        "l = fill(nn.LSTM(4, 2)); [l.weight_ih_l0.shape, l.bias_hh_l0.shape, len(l.all_weights[0])]",
    ],
    "nn.GRU": [
        "fill(nn.GRU(4, 2, 2, dropout=0.5)).eval()(b3)", "fill(nn.GRU(4, 2, 2))(b3)", "fill(nn.GRU(4, 2))(b3)",
        "fill(nn.GRU(4, 2, batch_first=True))(b3)", "fill(nn.GRU(4, 2, bidirectional=True))(b3)",
        "fill(nn.GRU(4, 2, 2, bidirectional=True))(b3)",
        "fill(nn.GRU(4, 2, 2, dropout=0.1, bidirectional=True)).eval()(b3)",
        "fill(nn.GRU(4, 2))(b3, torch.ones(1, 3, 2))",
        "fill(nn.GRU(4, 2))(rnn.pack_padded_sequence(b3, torch.tensor([2, 2, 1])), None)",
        "fill(nn.GRU(4, 2))(rnn.pack_padded_sequence(b3, torch.tensor([2, 2, 1])), torch.ones(1, 3, 2))",
        "fill(nn.GRU(4, 2))(b3, None)", "nn.GRU(4, 2).flatten_parameters()",
        "out, h = fill(nn.GRU(4, 2))(b3); out[-1] - h[0]",
        "fill(nn.GRU(4, 2))(b3.detach(), torch.zeros(1, 3, 2).data)",
    ],
    "nn.RNN": [
        "fill(nn.RNN(input_size=4, hidden_size=2, dropout=0.2)).eval()(b3)",
        "fill(nn.RNN(input_size=4, hidden_size=2))(b3)",
        "fill(nn.RNN(input_size=4, hidden_size=2, batch_first=True))(b3)",
        "fill(nn.RNN(input_size=4, hidden_size=2, num_layers=2, batch_first=True))(b3)", "fill(nn.RNN(4, 2))(b3)",
        "fill(nn.RNN(4, 2, 2, nonlinearity='relu', dropout=0.5)).eval()(b3)",
        "fill(nn.RNN(4, 2))(b3, torch.ones(1, 3, 2))", "fill(nn.RNN(4, 2))(b3, None)",
    ],
    "cells": [
        "fill(nn.LSTMCell(4, 2))(sq, (torch.ones(4, 2), torch.zeros(4, 2)))", "fill(nn.GRUCell(4, 2))(sq)",
        "fill(nn.RNNCell(4, 2))(sq, torch.ones(4, 2))", "h, c = fill(nn.LSTMCell(4, 2))(sq); h",
    ],
    "nn.Dropout": [
        "nn.Dropout(0.5).eval()(x)", "nn.Dropout(p=0.0)(x)", "nn.Dropout2d(0.3).eval()(b3)", "nn.Dropout(1.0)(x)",
        "nn.Dropout(0.5).p", "F.dropout(x, 0.5, training=False)", "F.dropout(x, p=0.0)",
    ],
    "nn.Parameter": [
        "nn.Parameter(x)", "nn.Parameter(x, requires_grad=False).requires_grad",
        "nn.Parameter(x, requires_grad=True).requires_grad", "isinstance(nn.Parameter(x), torch.Tensor)",
        "isinstance(nn.Parameter(x), nn.Parameter)", "nn.Parameter(torch.zeros(3)).data",
        "nn.Parameter(torch.FloatTensor(2, 3)).shape", "nn.Parameter(torch.randn(2, 3)).size()",
        "p2 = torch.nn.parameter.Parameter(x); p2.is_leaf",
    ],
    "layers": [
        "nn.LayerNorm(3)(x)", "fill(nn.LayerNorm(3))(x)", "nn.LayerNorm(3).bias", "nn.LayerNorm(3).weight",
        "isinstance(nn.LayerNorm(3), nn.LayerNorm)", "nn.ReLU()(x)", "nn.Tanh()(x)", "nn.Sigmoid()(x)",
        "nn.GELU()(x)", "nn.ReLU(inplace=True)(x)", "nn.LogSoftmax(dim=1)(x)", "nn.Softmax(dim=1)(x)",
        "nn.LogSoftmax()(x)", "nn.Softmax()(x)", "nn.BatchNorm1d(3)(x)", "nn.BatchNorm1d(3).eval()(x)",
        "nn.Flatten()(b3)", "nn.Identity()(x)", "nn.LeakyReLU(0.1)(x)", "nn.ELU()(x)", "nn.Softplus()(x)",
        "nn.MaxPool1d(2)(b3)", "nn.LayerNorm([3, 4])(b3)", "nn.CosineSimilarity(dim=1)(x, y)",
        "nn.Bilinear(3, 3, 2)(x, y).shape", "nn.AdaptiveAvgPool1d(1)(b3)", "nn.Softmax(1)(x)",
        "nn.GroupNorm(1, 3)(b3)", "nn.Hardtanh()(x)",
    ],
    "nn.Conv1d": [
        "fill(nn.Conv1d(3, 2, 2))(b3)", "fill(nn.Conv1d(3, 2, 2, stride=1, padding=2, dilation=2))(b3)",
        "fill(nn.Conv1d(in_channels=3, out_channels=2, kernel_size=3))(b3)", "fill(nn.Conv1d(3, 2, 2, 2))(b3)",
        "nn.Conv1d(3, 2, 2).weight.shape", "c = fill(nn.Conv1d(3, 2, 2)); c.weight.data.normal_(0, 0.0); c(b3)",
        "str(nn.Conv1d(3, 2, 2, padding=1))", "fill(nn.utils.weight_norm(nn.Conv1d(3, 2, 2)))(b3)",
        "[n for n, _ in nn.utils.weight_norm(nn.Conv1d(3, 2, 2)).named_parameters()]",
        "nn.utils.weight_norm(nn.Linear(3, 2), name='weight').weight_g.shape",
        "nn.utils.remove_weight_norm(nn.utils.weight_norm(nn.Linear(3, 2))).weight.shape",
        "c = nn.utils.weight_norm(nn.Conv1d(3, 2, 2)); c.weight.data.normal_(0, 0.01); c(b3).shape",
    ],
    "containers": [
        "fill(nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)))(x)",
        "nn.Sequential(nn.Linear(3, 4), nn.ReLU())[0].weight.shape", "len(nn.Sequential(nn.ReLU(), nn.ReLU()))",
        "nn.ModuleList([nn.Linear(3, 3) for _ in range(2)])[1].weight.shape",
        "[type(m).__name__ for m in nn.ModuleList([nn.ReLU(), nn.Tanh()])]",
        "m = nn.ModuleList([]); m.append(nn.ReLU()); m += [nn.Tanh()]; len(m)",
        "nn.ModuleDict({'a': nn.ReLU(), 'b': nn.Linear(3, 2)}).b.weight.shape",
        "nn.ModuleDict({'a': nn.ReLU()})['a'](x)",
        "[k for k, _ in nn.ModuleDict(dict(h=nn.ReLU(), f=nn.Tanh())).items()]",
        "from collections import OrderedDict\nstr(nn.Sequential(OrderedDict([('fc', nn.Linear(3, 2)), ('act', nn.ReLU())])))",
        "str(nn.Sequential(nn.Linear(3, 4), nn.ReLU()))", "m = nn.Sequential(); m.add_module('a', nn.ReLU()); m(x)",
        "str(nn.ModuleList([nn.Linear(1, 2), nn.Linear(1, 2)]))", "str(nn.ModuleDict({'a': nn.ReLU()}))",
    ],
    "transformers": [
        "fill(nn.TransformerEncoderLayer(4, 2, 8, 0.0))(b3)",
        "fill(nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, 0.0), 2))(b3, mask=nn.Transformer.generate_square_subsequent_mask(2))",
        "nn.Transformer.generate_square_subsequent_mask(3)",
        "fill(nn.Transformer(d_model=4, nhead=2, dim_feedforward=8, num_encoder_layers=1, num_decoder_layers=1)).eval()(b3, b3)",
        "fill(nn.MultiheadAttention(4, 2))(b3, b3, b3)",
        "class M(nn.Transformer):\n  def __init__(self): super(M, self).__init__(d_model=4, nhead=2, dim_feedforward=8, num_encoder_layers=1)\nfill(M()).eval().encoder(b3, mask=nn.Transformer.generate_square_subsequent_mask(2))",
        "fill(nn.TransformerEncoderLayer(d_model=4, nhead=2, dim_feedforward=8, batch_first=True)).eval()(b3)",
        "fill(nn.TransformerDecoder(nn.TransformerDecoderLayer(4, 2, 8), 1)).eval()(b3, b3)",
        "fill(nn.MultiheadAttention(4, 2, batch_first=True))(b3, b3, b3, need_weights=False)[0]",
        "nn.TransformerEncoderLayer(4, 2, 8, activation='gelu').eval()(b3).shape",
        "m = torch.tensor([[False, True], [False, False], [False, False]]); fill(nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, 0.0), 1))(b3, src_key_padding_mask=m)",
    ],
    "own modules": [
        NET + "net(ids)", NET + "list(net.state_dict())", NET + "[n for n, _ in net.named_parameters()]",
        NET + "[n for n, _ in net.named_modules()]", NET + "str(net)", NET + "net.train().training",
        NET + "net.eval().training", NET + "net.zero_grad(); net.zero_grad(set_to_none=True)",
        NET + "net.to(device)(ids)", NET + "net.to('cpu'); net.double()(ids)", NET + "net.forward(ids)",
        NET + "net.scale *= 2; net(ids)",
        NET + "net.out.weight = net.emb.weight; [len(list(net.parameters())), len(net.state_dict())]",
        NET + "net.apply(lambda m: m.weight.data.fill_(1) if isinstance(m, nn.Linear) else None); net(ids)",
        NET + "sum(q.numel() for q in net.parameters() if q.requires_grad)", NET + "len(list(net.children()))",
        NET + "other = Net(); other.load_state_dict(net.state_dict()); torch.equal(other(ids), net(ids))",
        NET + "other = Net(); str(other.load_state_dict(net.state_dict()))", NET + "next(net.parameters()).device",
        NET + "next(net.parameters()).is_cuda",
        NET + "for q in net.parameters(): q.requires_grad = False\nnet(ids).requires_grad",
        NET + "net.act = lambda a: a * 2; net.act(x)", NET + "net.count = 0; net.count += 1; net.count",
        NET + "[type(m).__name__ for m in net.modules()]",
        NET + "import copy\ntorch.equal(copy.deepcopy(net)(ids), net(ids))", NET + "net.float().emb.weight.dtype",
        NET + "net.register_parameter('b', nn.Parameter(torch.ones(2))); net.b", NET + "net.emb.weight.grad is None",
        NET + "net.extra = nn.Parameter(torch.ones(1)); [n for n, _ in net.named_parameters()]",
        NET + "next(net.parameters()).data.new_zeros(1, 2, 3)",
        NET + "net(ids).sum().backward(); [q.grad.abs().sum() for q in net.parameters()]",
        NET + "dict(net.named_parameters())['out.weight'].shape",
        NET + "net.load_state_dict({**net.state_dict(), 'scale': torch.zeros(4)}); net(ids)",
        NET + "net.load_state_dict({'scale': torch.zeros(4)}, strict=False); net(ids)",
        "class A(nn.Module):\n  def __init__(self): super(A, self).__init__(); self.d = nn.Dropout()\n  def forward(self, a): return nn.Tanh()(self.d(a))\nA().eval()(x)",
        NET + "net.cpu()(ids)", NET + "net.requires_grad_(False); net(ids).requires_grad",
        NET + "hasattr(net, 'nothing')",
        NET + "h = net.out.register_forward_hook(lambda m, i, o: o * 0); r = net(ids); h.remove(); r",
        NET + "[n for n, _ in net.named_buffers()]", NET + "[n for n, _ in net.named_children()]",
        NET + "net.type(torch.float64).emb.weight.dtype",
    ],
}  # fmt: skip

FUNCTIONAL = {
    "F": [
        "F.softmax(x, dim=1)", "F.softmax(x)", "F.softmax(v)", "F.softmax(b3)", "F.softmax(x, 1)",
        "F.log_softmax(x, dim=1)", "F.log_softmax(x)", "F.log_softmax(v)", "F.cross_entropy(x, ids[:2])",
        "F.cross_entropy(x, ids[:2], ignore_index=1)", "F.sigmoid(x)", "F.relu(x)", "F.tanh(x)",
        "F.conv1d(b3, torch.ones(2, 3, 2))", "F.cosine_similarity(x, y, dim=1)", "F.mse_loss(x, y)",
        "F.nll_loss(torch.log_softmax(x, 1), ids[:2])",
        "F.nll_loss(torch.log_softmax(x, 1), ids[:2], reduction='sum')", "F.one_hot(ids, num_classes=4)",
        "F.softplus(x)", "F.pad(x, (1, 2))", "F.embedding(ids % 2, x)", "F.linear(x, y)", "F.layer_norm(x, (3,))",
        "F.gelu(x)", "F.binary_cross_entropy_with_logits(x, mask.float())",
        "F.binary_cross_entropy(x.sigmoid(), mask.float())", "F.one_hot(ids).float()",
        "F.scaled_dot_product_attention(b3, b3, b3, is_causal=True)", "F.normalize(x, dim=1)", "F.max_pool1d(b3, 2)",
        "F.leaky_relu(x, 0.2)", "F.glu(b3)", "F.smooth_l1_loss(x, y)", "F.logsigmoid(x)",
        "F.cross_entropy(x, ids[:2], reduction='none')", "F.mse_loss(x, y, reduction='sum')",
        "F.cross_entropy(x, torch.softmax(y, 1))", "F.hardtanh(x)", "F.silu(x)",
        "F.kl_div(torch.log_softmax(x, 1), torch.softmax(y, 1), reduction='sum')",
    ],
    "nn.init": [
        "nn.init.normal_(nn.Parameter(x), mean=0.0, std=0.02).shape",
        "nn.init.normal_(nn.Parameter(x), std=0.02).shape", "nn.init.normal_(x, mean=0, std=0.1).shape",
        "nn.init.zeros_(nn.Parameter(x))", "nn.init.uniform_(nn.Parameter(x), -0.1, 0.1).abs().max() <= 0.1",
        "nn.init.uniform_(nn.Parameter(x), 0, 1).min() >= 0", "nn.init.uniform_(x, -0.5, 0.5).shape",
        "nn.init.constant_(nn.Parameter(x), 1)", "nn.init.constant_(x, 0)", "nn.init.ones_(nn.Parameter(x))",
        "w = nn.init.orthogonal_(nn.Parameter(sq)); torch.allclose(w @ w.t(), torch.eye(4), atol=1e-5)",
        "nn.init.xavier_normal_(nn.Parameter(x)).shape", "nn.init.xavier_uniform_(nn.Parameter(x), gain=1.4).shape",
        "nn.init.xavier_uniform_(nn.Parameter(x), gain=1).requires_grad",
        "nn.init.kaiming_uniform_(nn.Parameter(x), a=math.sqrt(5)).shape",
        "nn.init.kaiming_normal_(nn.Parameter(x), nonlinearity='relu').shape", "nn.init.calculate_gain('tanh')",
        "nn.init.eye_(sq)", "nn.init.trunc_normal_(x, std=0.02).shape", "nn.init.xavier_uniform_(p.data).shape",
    ],
    "nn.utils": [
        "p.sum().backward(); nn.utils.clip_grad_norm_(p, 0.5); p.grad",
        "l = fill(nn.Linear(3, 2)); l(x).sum().backward(); (nn.utils.clip_grad_norm_((q for q in l.parameters()), 1), l.weight.grad)",
        "p.sum().backward(); torch.nn.utils.clip_grad_value_([p], 0.1); p.grad",
        "nn.utils.parameters_to_vector([p, q])", "nn.utils.vector_to_parameters(torch.ones(9), [p, q]); q",
        "l = fill(nn.Linear(3, 2)); l(x).sum().backward(); nn.utils.clip_grad_norm_(l.parameters(), 0.25)",
    ],
    "nn.utils.rnn": [
        "rnn.pack_padded_sequence(b3, torch.tensor([2, 2, 1]))",
        "rnn.pack_padded_sequence(b3, torch.tensor([1, 3]), batch_first=True, enforce_sorted=False)",
        "rnn.pack_padded_sequence(b3, np.array([2, 1, 1]))", "rnn.pack_padded_sequence(b3, [2, 1, 1]).data",
        "rnn.pad_packed_sequence(rnn.pack_padded_sequence(b3, [2, 1, 1]))",
        "rnn.pad_packed_sequence(rnn.pack_padded_sequence(b3, [2, 3], batch_first=True, enforce_sorted=False), batch_first=True)",
        "rnn.pad_sequence([v, v[:2]], padding_value=0)",
        "rnn.pad_sequence([v, v[:2]], padding_value=-1, batch_first=True)",
        "fill(nn.LSTM(4, 2, bidirectional=True, batch_first=True))(rnn.pack_padded_sequence(b3, torch.tensor([2, 3]), batch_first=True, enforce_sorted=False))",
        "out, (h, c) = fill(nn.LSTM(4, 2, 2))(rnn.pack_padded_sequence(b3, torch.tensor([2, 2, 1]))); (rnn.pad_packed_sequence(out), h)",
        "torch.nn.utils.rnn.pad_sequence([ids, ids[:1]])", "rnn.pack_sequence([v, v[:2]])",
        "rnn.pack_padded_sequence(b3, torch.tensor([2, 1, 1])).batch_sizes",
        "isinstance(rnn.pack_padded_sequence(b3, [2, 1, 1]), rnn.PackedSequence)",
        "fill(nn.GRU(4, 2))(rnn.pack_padded_sequence(b3, torch.tensor([1, 2, 1]), enforce_sorted=False))[1]",
    ],
}  # fmt: skip

LEARN = """
l = fill(nn.Linear(3, 2)); l2 = fill(nn.Linear(2, 1))
def learn(o, n=3):
    for i in range(n):
        o.zero_grad()
        loss = ((l2(l(x)) - 1) ** 2).mean()
        loss.backward()
        o.step()
    return loss, l.weight, l2.bias
"""

OPTIM = {
    "optimizers": [
        LEARN + "learn(optim.Adam(l.parameters(), lr=0.1))",
        LEARN + "learn(optim.Adam(filter(lambda q: q.requires_grad, l.parameters()), lr=0.1))",
        LEARN + "learn(optim.Adam([l.weight, l.bias], lr=0.1))",
        LEARN + "learn(optim.Adam(list(l.parameters()) + list(l2.parameters()), lr=0.1))",
        LEARN + "learn(optim.AdamW(l.parameters(), lr=0.1))",
        LEARN + "learn(optim.AdamW(l.parameters(), lr=0.1, weight_decay=0.1, betas=(0.9, 0.95), eps=1e-8))",
        LEARN + "learn(optim.AdamW([{'params': l.parameters(), 'weight_decay': 0.1}, {'params': [l2.bias], 'weight_decay': 0.0}], lr=0.1, betas=(0.9, 0.95)))",
        LEARN + "learn(optim.SGD(l.parameters(), lr=0.1))",
        LEARN + "learn(optim.SGD(l.parameters(), lr=0.1, weight_decay=0.01))",
        LEARN + "learn(optim.SGD(l.parameters(), lr=0.1, momentum=0.9, nesterov=True))",
        LEARN + "learn(optim.RMSprop(l.parameters(), lr=0.01))",
        LEARN + "learn(optim.RMSprop(l.parameters(), momentum=0.9, alpha=0.95, lr=0.01))",
        LEARN + "learn(optim.Adadelta(l.parameters(), lr=1.0))",
        LEARN + "learn(optim.Adagrad(l.parameters(), lr=0.1))",
        LEARN + "learn(getattr(optim, 'SGD')(l.parameters(), lr=0.1))",
        LEARN + "learn(torch.optim.Adam(l.parameters(), 0.1, (0.9, 0.99)))",
    ],
    "optimizer objects": [
        LEARN + "o = optim.LBFGS(l.parameters(), lr=0.5)\ndef closure():\n  o.zero_grad(); loss = ((l2(l(x)) - 1) ** 2).mean(); loss.backward(); return loss\n(o.step(closure), l.weight)",
        LEARN + "o = optim.Adam(l.parameters(), lr=0.1); learn(o); sorted(o.state[l.weight])",
        LEARN + "o = optim.Adam(l.parameters(), lr=0.1); learn(o); o.state[l.weight]['exp_avg']",
        LEARN + "o = optim.Adam(l.parameters(), lr=0.1); learn(o); sorted(o.state_dict())",
        LEARN + "o = optim.Adam(l.parameters(), lr=0.1); learn(o); o2 = optim.Adam(l.parameters(), lr=1.0); o2.load_state_dict(o.state_dict()); learn(o2)",
        LEARN + "o = optim.SGD(l.parameters(), lr=0.1); o.param_groups[0]['lr'] = 0.5; learn(o)",
        LEARN + "o = optim.SGD(l.parameters(), lr=0.1); o.zero_grad(set_to_none=True); l.weight.grad is None",
        LEARN + "o = optim.SGD(l.parameters(), lr=0.1); o.add_param_group({'params': l2.parameters(), 'lr': 0.2}); learn(o)",
        LEARN + "o = optim.SGD([{'params': l.parameters()}, {'params': l2.parameters(), 'lr': 1e-3}], lr=0.1); [len(gr['params']) for gr in o.param_groups]",
        LEARN + "o = optim.SGD(l.parameters(), lr=0.1); isinstance(o, optim.Optimizer)",
        LEARN + "o = optim.SGD(l.parameters(), lr=0.1); o.state_dict()['param_groups'][0]['params']",
        LEARN + "o = optim.Adam(l.parameters())\nfor s in o.state.values():\n  for k2, t in s.items(): s[k2] = t.to(device)\nlearn(o)",
    ],
    "lr_scheduler": [
        LEARN + "o = optim.Adadelta(l.parameters(), lr=1.0); s = optim.lr_scheduler.StepLR(o, step_size=1, gamma=0.7); learn(o); s.step(); (s.get_last_lr(), o.param_groups[0]['lr'])",
        LEARN + "o = optim.SGD(l.parameters(), lr=1.0); s = torch.optim.lr_scheduler.ReduceLROnPlateau(o, 'min', patience=0); [s.step(1.0) or o.param_groups[0]['lr'] for _ in range(4)]",
        LEARN + "o = optim.SGD(l.parameters(), lr=1.0); s = optim.lr_scheduler.LambdaLR(o, lr_lambda=lambda e: 0.5 ** e); learn(o); s.step(); s.get_last_lr()",
        LEARN + "o = optim.SGD(l.parameters(), lr=1.0); s = optim.lr_scheduler.CosineAnnealingLR(o, T_max=10); learn(o); s.step(); s.get_last_lr()",
        LEARN + "o = optim.SGD(l.parameters(), lr=1.0); s = optim.lr_scheduler.StepLR(o, 1.0, gamma=0.95); learn(o); s.step(); s.get_last_lr()",
        LEARN + "o = optim.SGD(l.parameters(), lr=1.0); s = optim.lr_scheduler.ExponentialLR(o, gamma=0.9); learn(o); s.step(); s.state_dict()['last_epoch']",
        LEARN + "o = optim.SGD(l.parameters(), lr=1.0); s = optim.lr_scheduler.MultiStepLR(o, milestones=[1, 2], gamma=0.1); learn(o); s.step(); s.get_last_lr()",
        LEARN + "o = optim.SGD(l.parameters(), lr=1.0); s = optim.lr_scheduler.OneCycleLR(o, max_lr=0.1, total_steps=10); learn(o); s.step(); s.get_last_lr()",
    ],
}  # fmt: skip

SET = """
class Rows(data.Dataset):
    def __len__(self): return 5
    def __getitem__(self, i): return torch.tensor([i, 10 * int(i)]), i % 2
rows = Rows()
collate = lambda batch: (torch.stack([a for a, _ in batch]), [b for _, b in batch])
"""

DATA = {
    "DataLoader": [
        SET + "list(data.DataLoader(dataset=rows, batch_size=2, collate_fn=collate, shuffle=False))",
        SET + "[len(b[0]) for b in data.DataLoader(dataset=rows, batch_size=2, collate_fn=collate, shuffle=True)]",
        SET + "sorted(i for b, _ in data.DataLoader(dataset=rows, batch_size=2, shuffle=True) for i in b[:, 0].tolist())",
        SET + "list(data.DataLoader(rows, batch_size=2, num_workers=0, drop_last=False))",
        SET + "len(data.DataLoader(rows, batch_size=2))",
        SET + "len(data.DataLoader(rows, batch_size=2, drop_last=True))",
        SET + "list(data.DataLoader(rows, batch_size=2, drop_last=True))",
        SET + "[b for b, _ in data.DataLoader(rows, batch_size=2, sampler=data.SequentialSampler(rows))]",
        SET + "[len(b) for b, _ in data.DataLoader(rows, sampler=data.RandomSampler(rows), shuffle=False, pin_memory=False, batch_size=2, num_workers=0)]",
        SET + "len(data.DataLoader(rows, batch_size=2).dataset)",
        SET + "next(iter(data.DataLoader(rows, batch_size=2)))",
        SET + "it = iter(data.DataLoader(rows, batch_size=2)); next(it); next(it)[0]",
        SET + "[(i, len(y2)) for i, (x2, y2) in enumerate(data.DataLoader(rows, batch_size=2))]",
        "list(data.DataLoader([('a', 1), ('b', 2)], batch_size=2))",
        "list(data.DataLoader([{'t': 'a', 'n': 1.5}, {'t': 'b', 'n': 2.5}], batch_size=2))",
        "list(data.DataLoader([(ids, 'one'), (ids, 'two')], batch_size=2))",
        "list(data.DataLoader([1, 2, 3], batch_size=2))", "list(data.DataLoader([k, k, k], batch_size=2))",
        "list(data.DataLoader(data.TensorDataset(x, ids[:2]), batch_size=1))",
        SET + "data.DataLoader(rows, batch_size=2).batch_size", "list(data.DataLoader([1.5, 2.5]))",
        "list(data.DataLoader(['a', 'b', 'c'], batch_size=2))",
        "list(data.DataLoader([np.ones(2), np.zeros(2)], batch_size=2))",
        SET + "list(data.DataLoader(rows, batch_size=None))",
        SET + "list(data.DataLoader(rows, batch_sampler=data.BatchSampler(data.SequentialSampler(rows), 2, False)))",
        SET + "list(data.DataLoader(rows, batch_size=2, num_workers=2))",
        SET + "data.DataLoader(rows, batch_size=2, shuffle=True, generator=g).dataset is rows",
    ],
    "samplers and sets": [
        SET + "s = data.RandomSampler(rows, replacement=True, num_samples=10**10); it = iter(s); [0 <= next(it) < 5 for _ in range(3)]",
        SET + "len(data.RandomSampler(rows, replacement=True, num_samples=7))",
        "len(list(data.RandomSampler(data.TensorDataset(x))))", "data.TensorDataset(x, y)[0]",
        "len(data.TensorDataset(x, y))",
        SET + "a, b = data.random_split(rows, [0.6, 0.4], generator=g); (len(a), len(b))",
        SET + "a, b = data.random_split(rows, [3, 2]); sorted([r[0][0].item() for r in a] + [r[0][0].item() for r in b])",
        SET + "data.Subset(rows, [4, 1])[0]", SET + "data.Subset(rows, [4, 1])[np.int64(1)]",
        SET + "len(data.ConcatDataset([rows, rows]))", SET + "[r for r in data.Subset(rows, range(2))]",
        "data.dataset.Dataset is data.Dataset", "data.sampler.SequentialSampler is data.SequentialSampler",
        "class S(data.IterableDataset):\n  def __iter__(self): return iter(range(5))\nlist(data.DataLoader(S(), batch_size=2))",
        "sorted(data.SubsetRandomSampler([1, 3]))", "data.dataloader.default_collate([1, 2])",
        SET + "torch.utils.data.DataLoader(rows, sampler=data.RandomSampler(rows, replacement=True, num_samples=4), shuffle=False, pin_memory=True, batch_size=2).pin_memory",
    ],
}  # fmt: skip

FILES = {
    "save and load": [
        NET + "torch.save(net.state_dict(), tmp + '/a.pt'); other = Net(); other.load_state_dict(torch.load(tmp + '/a.pt')); other(ids)",
        NET + "torch.save({'net': net.state_dict(), 'epoch': 3, 'words': ['a', 'b'], 'best': 0.5}, tmp + '/a.pt'); c = torch.load(tmp + '/a.pt', weights_only=False); (c['epoch'], c['words'], c['best'], list(c['net']))",
        "with open(tmp + '/a.npy', 'wb') as f: torch.save(np.arange(3), f)\nwith open(tmp + '/a.npy', 'rb') as f: a = torch.load(f, weights_only=False)\na",
        "torch.save(x, tmp + '/a.pt'); torch.load(tmp + '/a.pt')",
        "torch.save([x, ids], tmp + '/a.pt'); torch.load(tmp + '/a.pt')",
        "b = io.BytesIO(); torch.save({'a': x}, b); b.seek(0); torch.load(b)",
        "torch.save(p, tmp + '/a.pt'); torch.load(tmp + '/a.pt').requires_grad",
        LEARN + "o = optim.Adam(l.parameters(), lr=0.1); learn(o); torch.save(o.state_dict(), tmp + '/o.pt'); o2 = optim.Adam(l.parameters(), lr=1.0); o2.load_state_dict(torch.load(tmp + '/o.pt')); learn(o2)",
        "torch.save({'a': {1: x}, 'b': (1, 2.5, None, True, 'c')}, tmp + '/a.pt'); torch.load(tmp + '/a.pt')",
        "torch.save(x, tmp + '/a.pt'); torch.load(tmp + '/a.pt', map_location=torch.device('cpu'))",
        "torch.save(x, tmp + '/a.pt'); torch.load(tmp + '/a.pt', map_location='cpu', weights_only=True)",
        "torch.save(x, tmp + '/a.pt'); torch.load(tmp + '/a.pt', map_location=lambda storage, loc: storage)",
        NET + "with open(tmp + '/a.pt', 'wb') as f: torch.save(net.state_dict(), f)\nwith open(tmp + '/a.pt', 'rb') as f: state = torch.load(f)\nstr(net.load_state_dict(state))",
        NET + "type(net.state_dict()).__name__",
        "from pathlib import Path\ntorch.save(ids, Path(tmp) / 'a.pt'); torch.load(Path(tmp) / 'a.pt')",
        LEARN + "o = optim.SGD(l.parameters(), lr=1.0); s = optim.lr_scheduler.StepLR(o, 1); learn(o); s.step(); torch.save(s.state_dict(), tmp + '/s.pt'); s.load_state_dict(torch.load(tmp + '/s.pt', weights_only=False)); s.get_last_lr()",
        NET + "torch.save([net.state_dict(), {'a': [1, (2, 3)]}], tmp + '/a.pt'); torch.load(tmp + '/a.pt')[1]",
        NET + "torch.save((net.state_dict(), x.size()), tmp + '/a.pt'); torch.load(tmp + '/a.pt')[1]",
    ],
}  # fmt: skip
