#!/usr/bin/python3
"""Writes the *.onnx and *.json beside it: exports of tiny models, and their gradients in double precision.

    python3 make_exports.py          (PyTorch 1.13.1 of Debian 12; the onnx package is not needed)

The loss is the sum over outputs k and their elements i of output[i] * cos(0.7 i + k), which needs no labels. Layer norms
and biases are fresh (ones and zeros), so that the exporter merges them; everything else is random.
"""
import json, math, os
import torch, torch.nn as nn, torch.nn.functional as F

HERE = os.path.dirname(os.path.abspath(__file__))
H, HEADS = 8, 2


def split(x):
    b, s, h = x.shape
    return x.view(b, s, HEADS, h // HEADS).transpose(1, 2)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.query, self.key, self.value, self.dense = (nn.Linear(H, H) for _ in range(4))

    def forward(self, x, bias):
        scores = split(self.query(x)) @ split(self.key(x)).transpose(-1, -2) / math.sqrt(H // HEADS) + bias
        mixed = (torch.softmax(scores, -1) @ split(self.value(x))).transpose(1, 2)
        return self.dense(mixed.reshape(mixed.shape[0], mixed.shape[1], H))


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention, self.norm = Attention(), nn.LayerNorm(H, eps=1e-12)
        self.intermediate, self.output, self.output_norm = nn.Linear(H, 12), nn.Linear(12, H), nn.LayerNorm(H, eps=1e-12)

    def forward(self, x, bias):
        x = self.norm(x + self.attention(x, bias))
        return self.output_norm(x + self.output(F.gelu(self.intermediate(x))))


class Bert(nn.Module):
    """Classification over the first token, as BertForSequenceClassification."""

    def __init__(self):
        super().__init__()
        self.words, self.positions, self.types = nn.Embedding(16, H), nn.Embedding(10, H), nn.Embedding(2, H)
        self.norm, self.layer = nn.LayerNorm(H, eps=1e-12), nn.ModuleList([Layer()])
        self.pooler, self.classifier = nn.Linear(H, H), nn.Linear(H, 3)

    def forward(self, ids, mask, types):
        x = self.norm(self.words(ids) + self.positions(torch.arange(ids.shape[1])) + self.types(types))
        bias = (1.0 - mask[:, None, None, :].to(x.dtype)) * -1e4
        for layer in self.layer:
            x = layer(x, bias)
        return self.classifier(torch.tanh(self.pooler(x[:, 0]))), x


class Sentence(nn.Module):
    """RoBERTa's positions, masked mean, unit length, a score per prototype, and the last token by advanced indexing."""

    def __init__(self):
        super().__init__()
        self.words, self.positions = nn.Embedding(16, H), nn.Embedding(10, H)
        self.layer = Layer()
        self.prototypes = nn.Parameter(torch.randn(4, H))

    def forward(self, ids, mask):
        places = (torch.cumsum(mask, 1) * mask).long() + 1
        x = self.words(ids) + self.positions(places)
        bias = (1.0 - mask[:, None, None, :].to(x.dtype)) * torch.finfo(torch.float32).min
        x = self.layer(x, bias.expand(ids.shape[0], 1, ids.shape[1], ids.shape[1]))
        spread = mask.unsqueeze(-1).expand(x.size()).to(x.dtype)
        mean = (x * spread).sum(1) / torch.clamp(spread.sum(1), min=1e-9)
        scores = torch.einsum("bh,ph->bp", F.normalize(mean, p=2.0, dim=1), self.prototypes)
        last = x[torch.arange(ids.shape[0]), mask.sum(1) - 1]
        return F.log_softmax(scores, -1), last.square().mean(-1)


class Conv1D(nn.Module):
    def __init__(self, width, out):
        super().__init__()
        self.weight, self.bias = nn.Parameter(0.5 * torch.randn(width, out)), nn.Parameter(torch.zeros(out))

    def forward(self, x):
        shape = x.size()[:-1] + (self.bias.shape[0],)
        return torch.addmm(self.bias, x.view(-1, x.size(-1)), self.weight).view(shape)


class Gpt2(nn.Module):
    """One block of GPT-2 with the word table as output projection."""

    def __init__(self):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(16, H), nn.Embedding(10, H)
        self.ln_1, self.ln_2, self.ln_f = (nn.LayerNorm(H) for _ in range(3))
        self.c_attn, self.c_proj, self.c_fc, self.mlp_proj = Conv1D(H, 3 * H), Conv1D(H, H), Conv1D(H, 12), Conv1D(12, H)
        self.lm_head = nn.Linear(H, 16, bias=False)
        self.lm_head.weight = self.wte.weight
        self.register_buffer("bias", torch.tril(torch.ones(10, 10)).bool().view(1, 1, 10, 10))

    def forward(self, ids, mask):
        length = ids.size(-1)
        x = self.wte(ids) + self.wpe(torch.arange(0, length).unsqueeze(0).view(-1, length))
        q, k, v = (split(part) for part in self.c_attn(self.ln_1(x)).split(H, dim=2))
        scores = torch.matmul(q, k.transpose(-1, -2)) / (v.size(-1) ** 0.5)
        keys = k.size(-2)
        causal = self.bias[:, :, keys - q.size(-2) : keys, :keys]
        scores = torch.where(causal, scores, torch.full([], -1e4, dtype=scores.dtype))
        scores = scores + (1.0 - mask[:, None, None, :].to(x.dtype)) * -1e4
        mixed = torch.matmul(torch.softmax(scores, -1), v).transpose(1, 2).contiguous()
        x = x + self.c_proj(mixed.view(mixed.size()[:-2] + (H,)))
        y = self.c_fc(self.ln_2(x))
        y = 0.5 * y * (1.0 + torch.tanh(math.sqrt(2.0 / math.pi) * (y + 0.044715 * torch.pow(y, 3.0))))
        return self.lm_head(self.ln_f(x + self.mlp_proj(y)))


class Albert(nn.Module):
    """A factorised embedding and one layer, with heads by einsum, that is called three times."""

    def __init__(self):
        super().__init__()
        self.words, self.projection, self.query = nn.Embedding(16, 4), nn.Linear(4, H), nn.Linear(H, H)
        self.dense, self.dense_bias, self.norm = nn.Parameter(torch.randn(HEADS, 4, H)), nn.Parameter(torch.zeros(H)), nn.LayerNorm(H)

    def layer(self, x, bias):
        heads = self.query(x).view(x.size(0), x.size(1), HEADS, 4)
        weights = torch.softmax(torch.einsum("bfnd,btnd->bnft", heads, heads) / 2 + bias, -1)
        mixed = torch.einsum("bnft,btnd->bfnd", weights, heads)
        return self.norm(x + torch.einsum("bfnd,ndh->bfh", mixed, self.dense) + self.dense_bias)

    def forward(self, ids, mask):
        x = self.projection(self.words(ids))
        bias = (1.0 - mask[:, None, None, :].to(x.dtype)) * -1e4
        for _ in range(3):
            x = self.layer(x, bias)
        return x


class Mixture(nn.Module):
    """What else exports contain: relative positions, padding, chunks, extremes, sorting, cumulative sums, repeats, steps."""

    def __init__(self):
        super().__init__()
        self.words, self.relative, self.scale = nn.Embedding(16, H), nn.Embedding(9, HEADS), nn.Parameter(torch.randn(4))
        self.linear, self.norm = nn.Linear(2 * H, 4), nn.LayerNorm(H)

    def forward(self, ids, mask):
        x = self.words(ids)
        rows, length = ids.shape
        places = torch.arange(length)
        far = (places[None, :] - places[:, None]).abs()
        bucket = torch.where(far < 3, far, torch.clamp(3 + (torch.log(far.float().clamp(min=1) / 3) * 2).ceil().long(), max=8))
        bias = self.relative(bucket).permute(2, 0, 1).unsqueeze(0).expand(rows, -1, -1, -1)
        heads = split(x)
        scores = (heads @ heads.transpose(-1, -2)) / 2.0 + bias
        causal = torch.tril(torch.ones(length, length)).bool()
        scores = scores.masked_fill(~causal, torch.finfo(torch.float32).min)
        scores = scores.masked_fill((mask == 0)[:, None, None, :], -1e4)
        mixed = (scores.softmax(-1) @ heads).transpose(1, 2).flatten(2)
        shifted = F.pad(mixed, (0, 0, 1, 0))[:, :-1]
        y = F.silu(self.linear(torch.cat(torch.cat([mixed, shifted], -1).chunk(2, dim=-1), -1)))
        pooled = torch.stack([y.max(1).values, y.topk(2, dim=1).values.sum(1), torch.cumsum(y, 1)[:, -1]], 1)
        repeated = y[:, 0].repeat(1, 3).view(rows, 3, 4)
        picked = torch.gather(y, 1, mask[:, :1].unsqueeze(-1).expand(-1, -1, 4))
        curves = F.leaky_relu(y) + F.elu(y) + F.softplus(y) + F.hardtanh(y) + F.mish(y)
        return pooled * repeated + picked, torch.logsumexp(y, dim=-1) + y.norm(dim=-1), curves * self.scale, self.norm(mixed)[:, ::2]


IDS = torch.tensor([[1, 5, 9, 3, 2], [1, 7, 7, 0, 0]])
MASK = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])
TYPES = torch.tensor([[0, 0, 0, 1, 1], [0, 1, 1, 0, 0]])
# name, model, inputs, outputs, exports as (opset, dynamic axes)
MODELS = [
    ("bert", Bert, {"input_ids": IDS, "attention_mask": MASK, "token_type_ids": TYPES}, ["logits", "last_hidden_state"],
     [(11, True), (14, False), (17, True)]),
    ("sentence", Sentence, {"input_ids": IDS, "attention_mask": MASK}, ["scores", "last"], [(12, True)]),
    ("albert", Albert, {"input_ids": IDS, "attention_mask": MASK}, ["last_hidden_state"], [(16, True)]),
    ("mixture", Mixture, {"input_ids": IDS, "attention_mask": MASK}, ["pooled", "sizes", "curves", "every_other"], [(14, True)]),
    ("gpt2", Gpt2, {"input_ids": IDS, "attention_mask": MASK}, ["logits"], [(13, True)]),
]

for name, make, inputs, outputs, exports in MODELS:
    torch.manual_seed(0)
    model = make().eval()
    for key, parameter in model.named_parameters():
        if parameter.dim() > 1:
            parameter.data.copy_(0.5 * torch.randn_like(parameter))
        elif key.endswith("bias"):
            parameter.data.zero_()
    for opset, dynamic in exports:
        path = os.path.join(HERE, f"{name}-{opset}{'' if dynamic else '-static'}.onnx")
        axes = {key: {0: "batch", 1: "sequence"} for key in inputs} if dynamic else None
        torch.onnx.export(model, tuple(inputs.values()), path, opset_version=opset, input_names=list(inputs),
                          output_names=outputs, dynamic_axes=axes)
    model.double()
    results = model(*inputs.values())
    results = results if isinstance(results, tuple) else (results,)
    loss = sum((r.flatten() * torch.cos(0.7 * torch.arange(r.numel(), dtype=torch.float64) + k)).sum() for k, r in enumerate(results))
    loss.backward()
    golden = {
        "madeBy": f"make_exports.py, PyTorch {torch.__version__}, float64",
        "inputs": {key: value.tolist() for key, value in inputs.items()},
        "loss": loss.item(),
        "gradients": {key: {"dims": list(p.shape), "data": [float(f"{x:.8g}") for x in p.grad.flatten().tolist()]}
                      for key, p in model.named_parameters()},
    }
    with open(os.path.join(HERE, f"{name}.json"), "w") as file:
        json.dump(golden, file, separators=(",", ":"))
        file.write("\n")
