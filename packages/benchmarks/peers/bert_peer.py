"""The PyTorch side of the comparisons: BERT for sequence classification under Hugging Face parameter names.

  bert_peer.py version                 what runs here, and on which BLAS
  bert_peer.py steps REQUEST.json      REQUEST: {"config", "labels", "batches": [[length, ...], ...], "threads"}
      times forward + backward + AdamW for each batch of rows of these lengths, padded to the longest; dropout off
  bert_peer.py forward DIR             DIR/request.json: {"config", "labels", "weights": [{"name", "shape"}], "batch"}
  bert_peer.py gradients DIR           and DIR/weights.bin: the weights in that order, float32
      both in float64; `gradients` writes DIR/gradients.bin, float64, in the order of the weights

Prints one JSON object. Needs torch and numpy.
"""
import json
import math
import os
import resource
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

INPUTS = ("input_ids", "attention_mask", "token_type_ids")


class Block(nn.Module):
    """One post-LN layer; attribute names spell the checkpoint's parameter names."""

    def __init__(self, c):
        super().__init__()
        width, inner, eps = c["hidden_size"], c["intermediate_size"], c["layer_norm_eps"]
        self.heads = c["num_attention_heads"]
        self.attention = nn.ModuleDict({
            "self": nn.ModuleDict({name: nn.Linear(width, width) for name in ("query", "key", "value")}),
            "output": nn.ModuleDict({"dense": nn.Linear(width, width), "LayerNorm": nn.LayerNorm(width, eps=eps)}),
        })
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(width, inner)})
        self.output = nn.ModuleDict({"dense": nn.Linear(inner, width), "LayerNorm": nn.LayerNorm(width, eps=eps)})

    def forward(self, x, bias):
        batch, length, width = x.shape
        project = self.attention["self"]
        q, k, v = (project[name](x).view(batch, length, self.heads, -1).transpose(1, 2) for name in ("query", "key", "value"))
        scores = q @ k.transpose(-1, -2) / math.sqrt(width // self.heads) + bias
        attended = (scores.softmax(-1) @ v).transpose(1, 2).reshape(batch, length, width)
        x = self.attention["output"]["LayerNorm"](self.attention["output"]["dense"](attended) + x)
        inner = F.gelu(self.intermediate["dense"](x))
        return self.output["LayerNorm"](self.output["dense"](inner) + x)


class Classifier(nn.Module):
    def __init__(self, c, labels):
        super().__init__()
        width = c["hidden_size"]
        self.bert = nn.ModuleDict({
            "embeddings": nn.ModuleDict({
                "word_embeddings": nn.Embedding(c["vocab_size"], width),
                "position_embeddings": nn.Embedding(c["max_position_embeddings"], width),
                "token_type_embeddings": nn.Embedding(c["type_vocab_size"], width),
                "LayerNorm": nn.LayerNorm(width, eps=c["layer_norm_eps"]),
            }),
            "encoder": nn.ModuleDict({"layer": nn.ModuleList(Block(c) for _ in range(c["num_hidden_layers"]))}),
            "pooler": nn.ModuleDict({"dense": nn.Linear(width, width)}),
        })
        self.classifier = nn.Linear(width, labels)

    def forward(self, input_ids, attention_mask, token_type_ids):
        tables = self.bert["embeddings"]
        bias = (1 - attention_mask[:, None, None, :].to(self.classifier.weight.dtype)) * -1e4
        x = tables["word_embeddings"](input_ids) + tables["token_type_embeddings"](token_type_ids)
        x = tables["LayerNorm"](x + tables["position_embeddings"](torch.arange(input_ids.shape[1])))
        states = [x]
        for block in self.bert["encoder"]["layer"]:
            states.append(block(states[-1], bias))
        pooled = torch.tanh(self.bert["pooler"]["dense"](states[-1][:, 0]))
        return states, pooled, self.classifier(pooled)


def steps(request):
    torch.manual_seed(0)
    torch.set_num_threads(request["threads"])
    c, labels = request["config"], request["labels"]
    model = Classifier(c, labels)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)
    times = []
    for lengths in request["batches"]:
        lengths = torch.tensor(lengths)
        mask = (torch.arange(int(lengths.max()))[None] < lengths[:, None]).long()
        ids = torch.randint(5, c["vocab_size"], mask.shape) * mask
        types, gold = torch.zeros_like(ids), torch.randint(0, labels, (len(lengths),))
        start = time.perf_counter()
        optimizer.zero_grad()
        F.cross_entropy(model(ids, mask, types)[2], gold).backward()
        optimizer.step()
        times.append((time.perf_counter() - start) * 1e3)
    return {"milliseconds": times, "peakRssMiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def load(folder):
    with open(os.path.join(folder, "request.json"), encoding="utf-8") as file:
        request = json.load(file)
    model = Classifier(request["config"], request["labels"]).double().eval()
    raw, state, offset = np.fromfile(os.path.join(folder, "weights.bin"), dtype="<f4"), {}, 0
    for weight in request["weights"]:
        count = math.prod(weight["shape"])
        state[weight["name"]] = torch.from_numpy(raw[offset:offset + count].astype("f8").reshape(weight["shape"]))
        offset += count
    model.load_state_dict(state)  # strict: the two sides must agree on every name and shape
    return request, model, {name: torch.tensor(rows) for name, rows in request["batch"].items()}


def forward(folder):
    _, model, batch = load(folder)
    with torch.no_grad():
        states, pooled, logits = model(*(batch[name] for name in INPUTS))
    outputs = {"hiddenStates": [x.tolist() for x in states], "pooledOutput": pooled.tolist(), "logits": logits.tolist()}
    return {**outputs, "torch": torch.__version__}


def gradients(folder):
    request, model, batch = load(folder)
    loss = F.cross_entropy(model(*(batch[name] for name in INPUTS))[2], batch["labels"])
    loss.backward()
    flat = [model.get_parameter(weight["name"]).grad.numpy().astype("<f8").ravel() for weight in request["weights"]]
    np.concatenate(flat).tofile(os.path.join(folder, "gradients.bin"))
    return {"loss": float(loss), "torch": torch.__version__}


def version():
    blas = "mkl" if torch.backends.mkl.is_available() else "reference"
    torch.ones(2, 2) @ torch.ones(2, 2)
    try:
        with open("/proc/self/maps", encoding="utf-8") as maps:
            blas = "openblas" if "openblas" in maps.read() and blas == "reference" else blas
    except OSError:
        blas = "unknown"  # no procfs here
    return {"torch": torch.__version__, "python": sys.version.split()[0], "blas": blas}


def main(command, *arguments):
    if command == "version":
        return version()
    if command == "steps":
        with open(arguments[0], encoding="utf-8") as file:
            return steps(json.load(file))
    return {"forward": forward, "gradients": gradients}[command](arguments[0])


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
