"""Writes adamw-20-steps.json: torch.optim.AdamW in float64 on fixed gradients. Run with a Python that has torch."""
import json, math, pathlib, sys
import torch

COUNT, STEPS = 21, 24
SETTINGS = dict(betas=(0.9, 0.98), eps=1e-6, weight_decay=0.05)


def f32(values):
    return torch.tensor(values, dtype=torch.float32).double()


start = f32([math.cos(3 * i + 1) for i in range(COUNT)])
parameter = torch.nn.Parameter(start.clone())
optimizer = torch.optim.AdamW([parameter], lr=1.0, **SETTINGS)
steps = []
for step in range(1, STEPS + 1):
    rate = 0.01 * min(1.0, step / 5)
    gradient = f32([math.sin(7 * i + step * step) * 10.0 ** (i % 5 - 3) for i in range(COUNT)])
    optimizer.param_groups[0]["lr"] = rate
    parameter.grad = gradient.clone()
    optimizer.step()
    state = optimizer.state[parameter]
    record = {"learningRate": rate, "gradient": gradient.tolist()}
    if step in (1, 2, 20, STEPS):
        record |= {"p": parameter.detach().tolist(), "m": state["exp_avg"].tolist(), "v": state["exp_avg_sq"].tolist()}
    steps.append(record)
golden = {
    "provenance": f"adamw-20-steps.py, torch {torch.__version__} AdamW in float64, no random numbers",
    "beta1": SETTINGS["betas"][0], "beta2": SETTINGS["betas"][1], "epsilon": SETTINGS["eps"],
    "weightDecay": SETTINGS["weight_decay"], "start": start.tolist(), "steps": steps,
}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(golden) + "\n")
