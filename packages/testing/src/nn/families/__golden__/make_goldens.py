"""Writes the golden files of this folder: /usr/bin/python3 make_goldens.py  (PyTorch, float64; no other library)

An implementation of the families' networks of its own, from their papers and the layout of Hugging Face's checkpoints:
it shares no code with packages/nn. Weights are not stored. The value number i of the parameter NAME is, with
s(0) = FNV-1a(NAME) and s(i + 1) = (1664525 s(i) + 1013904223) mod 2^32,
    w(i) = float32(s(i + 1) / 2^32 - 1/2), with 1 added before rounding for the scale of a LayerNorm.
Of each gradient its norm is kept, and its product with the values of "direction:NAME" (by the same rule, never plus 1).
"""
import json
import math
import os

import torch
from torch.nn import functional as F

VOCAB, LABELS = 31, 3
IGNORED = -100


def values(name, shape):
    state = 2166136261
    for byte in name.encode():
        state = (state ^ byte) * 16777619 % 2**32
    out = []
    for _ in range(math.prod(shape)):
        state = (1664525 * state + 1013904223) % 2**32
        out.append(state / 2**32 - 0.5)
    raw = torch.tensor(out, dtype=torch.float64).reshape(shape)
    scale = is_scale(name) and not name.startswith("direction:")
    return (raw + 1 if scale else raw).float().double()


def is_scale(name):
    module = name.rsplit(".", 2)[-2].lower() if name.count(".") else ""
    return name.endswith(".weight") and ("norm" in module or module.startswith("ln_"))


class Net:
    """The parameters met on the way, by name, and the layers every family is made of."""

    def __init__(self, config):
        self.c, self.weights = config, {}

    def p(self, name, *shape):
        if name not in self.weights:
            self.weights[name] = values(name, shape).requires_grad_()
        assert tuple(self.weights[name].shape) == shape, name
        return self.weights[name]

    def dense(self, name, x, out):
        return x @ self.p(name + ".weight", out, x.shape[-1]).T + self.p(name + ".bias", out)

    def norm(self, name, x, eps):
        width = x.shape[-1]
        return F.layer_norm(x, (width,), self.p(name + ".weight", width), self.p(name + ".bias", width), eps)

    def attend(self, q, k, v, heads, visible):
        batch, length, width = q.shape
        split = lambda x: x.view(batch, length, heads, width // heads).transpose(1, 2)
        scores = split(q) @ split(k).transpose(2, 3) / math.sqrt(width // heads)
        probabilities = scores.masked_fill(~visible, -math.inf).softmax(-1)
        return (probabilities @ split(v)).transpose(1, 2).reshape(batch, length, width)


def gelu_tanh(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


ACTIVATIONS = {"gelu": F.gelu, "gelu_new": gelu_tanh, "relu": F.relu}


def bert_layer(net, at, x, visible):
    c = net.c
    width, eps = c["hidden_size"], c["layer_norm_eps"]
    q, k, v = (net.dense(f"{at}.attention.self.{part}", x, width) for part in ("query", "key", "value"))
    attended = net.attend(q, k, v, c["num_attention_heads"], visible)
    x = net.norm(f"{at}.attention.output.LayerNorm", net.dense(f"{at}.attention.output.dense", attended, width) + x, eps)
    inner = ACTIVATIONS[c["hidden_act"]](net.dense(f"{at}.intermediate.dense", x, c["intermediate_size"]))
    return net.norm(f"{at}.output.LayerNorm", net.dense(f"{at}.output.dense", inner, width) + x, eps)


def embeddings(net, at, batch, width, rows, positions, segments, eps):
    x = net.p(f"{at}.word_embeddings.weight", VOCAB, width)[batch["input_ids"]]
    if segments > 0:
        types = batch["token_type_ids"] if segments > 1 else torch.zeros_like(batch["input_ids"])
        x = x + net.p(f"{at}.token_type_embeddings.weight", segments, width)[types]
    x = x + net.p(f"{at}.position_embeddings.weight", rows, width)[positions]
    return net.norm(f"{at}.LayerNorm", x, eps)


def from_zero(batch):
    return torch.arange(batch["input_ids"].shape[1]).expand_as(batch["input_ids"])


def encode(net, batch):
    """Last hidden state and, where the family has one, the pooled output as a function."""
    c, family = net.c, net.c["model_type"]
    visible = batch["attention_mask"][:, None, None, :] == 1
    if family == "distilbert":
        width = c["dim"]
        x = embeddings(net, "distilbert.embeddings", batch, width, c["max_position_embeddings"], from_zero(batch), 0, 1e-12)
        for i in range(c["n_layers"]):
            at = f"distilbert.transformer.layer.{i}"
            q, k, v = (net.dense(f"{at}.attention.{part}_lin", x, width) for part in "qkv")
            attended = net.dense(f"{at}.attention.out_lin", net.attend(q, k, v, c["n_heads"], visible), width)
            x = net.norm(f"{at}.sa_layer_norm", attended + x, 1e-12)
            inner = ACTIVATIONS[c["activation"]](net.dense(f"{at}.ffn.lin1", x, c["hidden_dim"]))
            x = net.norm(f"{at}.output_layer_norm", net.dense(f"{at}.ffn.lin2", inner, width) + x, 1e-12)
        return x, None

    width, eps, rows = c["hidden_size"], c["layer_norm_eps"], c["max_position_embeddings"]
    if family == "albert":
        narrow = embeddings(net, "albert.embeddings", batch, c["embedding_size"], rows, from_zero(batch), c["type_vocab_size"], eps)
        x = net.dense("albert.encoder.embedding_hidden_mapping_in", narrow, width)
        for i in range(c["num_hidden_layers"]):
            group = int(i / (c["num_hidden_layers"] / c["num_hidden_groups"]))
            for j in range(c["inner_group_num"]):
                at = f"albert.encoder.albert_layer_groups.{group}.albert_layers.{j}"
                q, k, v = (net.dense(f"{at}.attention.{part}", x, width) for part in ("query", "key", "value"))
                attended = net.attend(q, k, v, c["num_attention_heads"], visible)
                x = net.norm(f"{at}.attention.LayerNorm", net.dense(f"{at}.attention.dense", attended, width) + x, eps)
                inner = ACTIVATIONS[c["hidden_act"]](net.dense(f"{at}.ffn", x, c["intermediate_size"]))
                x = net.norm(f"{at}.full_layer_layer_norm", net.dense(f"{at}.ffn_output", inner, width) + x, eps)
        return x, lambda: torch.tanh(net.dense("albert.pooler", x[:, 0], width))

    if family == "roberta":
        pad, ids = c["pad_token_id"], batch["input_ids"]
        positions = torch.full_like(ids, pad)
        for row in range(ids.shape[0]):
            seen = 0
            for column in range(ids.shape[1]):
                if ids[row, column] != pad:
                    seen += 1
                    positions[row, column] = pad + seen
    else:
        positions = from_zero(batch)
    x = embeddings(net, f"{family}.embeddings", batch, c.get("embedding_size", width), rows, positions, c["type_vocab_size"], eps)
    if x.shape[-1] != width:
        x = net.dense(f"{family}.embeddings_project", x, width)
    for i in range(c["num_hidden_layers"]):
        x = bert_layer(net, f"{family}.encoder.layer.{i}", x, visible)
    return x, lambda: torch.tanh(net.dense(f"{family}.pooler.dense", x[:, 0], width))


def sequence_logits(net, states, pooled):
    family, width = net.c["model_type"], states.shape[-1]
    if family in ("bert", "albert"):
        return net.dense("classifier", pooled(), LABELS)
    if family == "distilbert":
        return net.dense("classifier", F.relu(net.dense("pre_classifier", states[:, 0], width)), LABELS)
    activation = torch.tanh if family == "roberta" else F.gelu
    return net.dense("classifier.out_proj", activation(net.dense("classifier.dense", states[:, 0], width)), LABELS)


def vocabulary_logits(net, states):
    c, family, width = net.c, net.c["model_type"], states.shape[-1]
    dense, norm, bias, activation = {
        "bert": ("cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm", "cls.predictions.bias", None),
        "roberta": ("lm_head.dense", "lm_head.layer_norm", "lm_head.bias", "gelu"),
        "distilbert": ("vocab_transform", "vocab_layer_norm", "vocab_projector.bias", None),
        "electra": ("generator_predictions.dense", "generator_predictions.LayerNorm", "generator_lm_head.bias", "gelu"),
        "albert": ("predictions.dense", "predictions.LayerNorm", "predictions.bias", None),
    }[family]
    activation = ACTIVATIONS[activation or c.get("hidden_act") or c["activation"]]
    x = activation(net.dense(dense, states, c.get("embedding_size", width)))
    x = net.norm(norm, x, c.get("layer_norm_eps", 1e-12))
    return x @ net.p(f"{family}.embeddings.word_embeddings.weight", VOCAB, x.shape[-1]).T + net.p(bias, VOCAB)


def decode(net, batch):
    """GPT-2: the states after the last LayerNorm."""
    c = net.c
    width, heads, eps, ids = c["n_embd"], c["n_head"], c["layer_norm_epsilon"], batch["input_ids"]
    conv = lambda name, x, out: x @ net.p(name + ".weight", x.shape[-1], out) + net.p(name + ".bias", out)
    length = ids.shape[1]
    before = torch.ones(length, length).tril() == 1
    visible = before & (batch["attention_mask"][:, None, None, :] == 1)
    x = net.p("transformer.wte.weight", VOCAB, width)[ids] + net.p("transformer.wpe.weight", c["n_positions"], width)[:length]
    for i in range(c["n_layer"]):
        at = f"transformer.h.{i}"
        q, k, v = conv(f"{at}.attn.c_attn", net.norm(f"{at}.ln_1", x, eps), 3 * width).split(width, dim=2)
        x = x + conv(f"{at}.attn.c_proj", net.attend(q, k, v, heads, visible), width)
        inner = gelu_tanh(conv(f"{at}.mlp.c_fc", net.norm(f"{at}.ln_2", x, eps), 4 * width))
        x = x + conv(f"{at}.mlp.c_proj", inner, width)
    return net.norm("transformer.ln_f", x, eps)


def run(config, batch, task):
    net = Net(config)
    if task == "causal-language-model":
        logits = decode(net, batch) @ net.p("transformer.wte.weight", VOCAB, config["n_embd"]).T
        targets = batch["input_ids"].masked_fill(batch["attention_mask"] == 0, IGNORED)
        loss = F.cross_entropy(logits[:, :-1].reshape(-1, VOCAB), targets[:, 1:].reshape(-1), ignore_index=IGNORED)
    else:
        states, pooled = encode(net, batch)
        real = batch["attention_mask"] == 1
        if task == "sequence-classification":
            logits = sequence_logits(net, states, pooled)
            loss = F.cross_entropy(logits, batch["labels"])
        elif task == "token-classification":
            logits = net.dense("classifier", states, LABELS)
            loss = F.cross_entropy(logits[real], (batch["input_ids"] % LABELS)[real])
        elif task == "masked-language-model":
            logits = vocabulary_logits(net, states)
            loss = F.cross_entropy(logits.reshape(-1, VOCAB)[batch["masked_positions"]], batch["masked_labels"])
        else:
            head = "discriminator_predictions"
            inner = ACTIVATIONS[config["hidden_act"]](net.dense(f"{head}.dense", states, states.shape[-1]))
            logits = net.dense(f"{head}.dense_prediction", inner, 1)[..., 0]
            replaced = (batch["input_ids"] % 2).double()
            loss = F.binary_cross_entropy_with_logits(logits[real], replaced[real])
    loss.backward()
    gradients = {
        name: [number(w.grad.norm()), number((w.grad * values("direction:" + name, w.shape)).sum())]
        for name, w in net.weights.items()
    }
    first = logits[0].reshape(-1)[:6]
    return {"logits": [number(v) for v in first], "loss": float(loss), "gradients": gradients}


def number(value):
    return float(f"{float(value):.9g}")


def rows(*ids, pad, left=()):
    """Padded on the right, rows of `left` on the left."""
    longest = max(map(len, ids))
    full, mask = [], []
    for i, row in enumerate(ids):
        gap = longest - len(row)
        full.append([pad] * gap + row if i in left else row + [pad] * gap)
        mask.append([0] * gap + [1] * len(row) if i in left else [1] * len(row) + [0] * gap)
    return {"input_ids": full, "attention_mask": mask}


def main():
    folder = os.path.dirname(os.path.abspath(__file__))
    base = {"vocab_size": VOCAB, "hidden_size": 12, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 20,
            "hidden_act": "gelu", "max_position_embeddings": 10, "type_vocab_size": 2, "layer_norm_eps": 1e-12, "pad_token_id": 0}
    encoders = ["sequence-classification", "token-classification", "masked-language-model"]
    families = {
        "bert": ({**base, "model_type": "bert"}, encoders),
        "roberta": ({**base, "model_type": "roberta", "type_vocab_size": 1, "max_position_embeddings": 12, "pad_token_id": 1,
                     "layer_norm_eps": 1e-5}, encoders),
        "distilbert": ({"model_type": "distilbert", "vocab_size": VOCAB, "dim": 12, "n_layers": 2, "n_heads": 3, "hidden_dim": 20,
                        "activation": "gelu", "max_position_embeddings": 10, "pad_token_id": 0}, encoders),
        "electra": ({**base, "model_type": "electra", "embedding_size": 8}, [*encoders, "discriminator"]),
        "albert": ({**base, "model_type": "albert", "hidden_act": "gelu_new", "embedding_size": 8, "num_hidden_layers": 4,
                    "num_hidden_groups": 2, "inner_group_num": 1}, encoders),
        "albert-inner": ({**base, "model_type": "albert", "hidden_act": "gelu_new", "embedding_size": 8, "num_hidden_groups": 1,
                          "inner_group_num": 2}, ["masked-language-model"]),
        "gpt2": ({"model_type": "gpt2", "vocab_size": VOCAB, "n_positions": 10, "n_embd": 12, "n_layer": 2, "n_head": 3,
                  "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5}, ["causal-language-model"]),
    }
    for name, (config, tasks) in families.items():
        pad = config.get("pad_token_id", 0)
        ids = rows([2, 17, 8, 30, 21, 9, 3], [2, 29, 5, 3], [2, 11, 11, 30, 6, 3], pad=pad, left=(2,) if name == "roberta" else ())
        batch = {**ids, "token_type_ids": [[0, 0, 0, 0, 1, 1, 1], [0] * 7, [0, 0, 1, 1, 1, 1, 0]], "labels": [2, 0, 1],
                 "masked_positions": [1, 4, 8, 9, 16, 17], "masked_labels": [4, 30, 9, 12, 11, 4]}
        tensors = {key: torch.tensor(value) for key, value in batch.items()}
        golden = {
            "provenance": {"producer": f"torch {torch.__version__}, float64", "script": "make_goldens.py"},
            "config": config,
            "batch": batch,
            "tasks": {task: run(config, tensors, task) for task in tasks},
        }
        with open(os.path.join(folder, f"{name}.json"), "w", encoding="utf-8") as file:
            json.dump(golden, file, separators=(",", ":"))
            file.write("\n")


if __name__ == "__main__":
    main()
