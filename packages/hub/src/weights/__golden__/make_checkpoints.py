"""Writes checkpoints.json and hostile.json beside itself: python3 make_checkpoints.py (torch 1.13, numpy)."""
import base64, builtins, collections, io, json, os, pathlib, pickle, platform, struct, subprocess, zipfile
import torch

here = pathlib.Path(__file__).parent
produced_by = f"torch {torch.__version__}, Python {platform.python_version()}, make_checkpoints.py beside this file"
torch.manual_seed(7)


def encoded(data):
    return base64.b64encode(data).decode()


def saved(obj, **options):
    buffer = io.BytesIO()
    torch.save(obj, buffer, **options)
    return buffer.getvalue()


def described(tensor):
    """Row-major bytes, which say more than printed numbers; bfloat16 as the float32 it widens to."""
    tensor = tensor.detach()
    if tensor.dtype == torch.bfloat16:
        tensor = tensor.float()
    return {
        "dtype": str(tensor.dtype).split(".")[1],
        "dims": list(tensor.shape),
        "data": encoded(tensor.contiguous().numpy().tobytes()),
    }


dtypes = {
    "float64": torch.tensor([3.141592653589793, -0.0], dtype=torch.float64),
    "float32": torch.tensor([[1, -2, 3.5], [0, 1e-40, 3e38]]),
    "float16": torch.tensor([0.5, -65504], dtype=torch.float16),
    "bfloat16": torch.tensor([1.5, -2, 3e38], dtype=torch.bfloat16),
    "int64": torch.tensor([-1, 2**62]),
    "int32": torch.tensor([-7], dtype=torch.int32),
    "int8": torch.tensor([-128], dtype=torch.int8),
    "uint8": torch.tensor([255], dtype=torch.uint8),
    "bool": torch.tensor([True, False, True]),
    "scalar": torch.tensor(42.0),
    "empty": torch.zeros(0, 5),
    "名字.weight": torch.tensor([1.0]),
}
base = torch.arange(24, dtype=torch.float32)
views = collections.OrderedDict(
    whole=base,
    tied=base,
    tail=base[20:],
    matrix=base.view(2, 3, 4),
    transposed=base.view(4, 6).t(),
    permuted=base.view(2, 3, 4).permute(2, 0, 1),
    every_other=base[1::2],
    column=base.view(4, 6)[:, 2],
    block=base.view(4, 6)[1:3, 2:5],
    expanded=base[5:7].unsqueeze(0).expand(3, 2),
    half_transposed=torch.arange(6, dtype=torch.float16).view(2, 3).t(),
    long_transposed=torch.arange(6).view(2, 3).t(),
    byte_transposed=torch.arange(6, dtype=torch.uint8).view(2, 3).t(),
)
module = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3), torch.nn.LSTM(2, 1))
parameters = {"weight": torch.nn.Parameter(torch.randn(2, 2)), "frozen": torch.nn.Parameter(torch.ones(1), requires_grad=False)}
optimizer = torch.optim.AdamW(module.parameters(), lr=1e-3)
sum(p.sum() for p in module.parameters()).backward()
optimizer.step()
training = {
    "epoch": 3,
    "best": 0.5,
    "seed": 2**63 + 1,
    "note": None,
    "done": True,
    "args": {"layers": [1, (2, 3)], "name": "run"},
    "state_dict": module.state_dict(),
    "optimizer": optimizer.state_dict(),
}


def deflated(data):
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        for info in source.infolist():
            out.writestr(info.filename, source.read(info))
    return target.getvalue()


def zip64(data):
    """With every size and offset in the 64-bit fields, as if the archive had more than 4 GiB."""
    limit, zipfile.ZIP64_LIMIT = zipfile.ZIP64_LIMIT, 1
    count, zipfile.ZIP_FILECOUNT_LIMIT = zipfile.ZIP_FILECOUNT_LIMIT, 1
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(target, "w") as out:
        for info in source.infolist():
            with out.open(info.filename, "w", force_zip64=True) as member:
                member.write(source.read(info))
    zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = limit, count
    torch.load(io.BytesIO(target.getvalue()))
    return target.getvalue()


legacy = {"_use_new_zipfile_serialization": False}
cases = [
    ("every element type", saved(dtypes), dtypes),
    ("every element type, old format", saved(dtypes, **legacy), dtypes),
    ("views and shared storages", saved(views), views),
    ("views and shared storages, old format", saved(views, **legacy), views),
    ("a module's state dict", saved(module.state_dict()), module.state_dict()),
    ("a module's state dict, old format", saved(module.state_dict(), **legacy), module.state_dict()),
    ("parameters", saved(parameters), parameters),
    ("a training checkpoint", saved(training), module.state_dict()),
    ("a training checkpoint, old format", saved(training, **legacy), module.state_dict()),
    ("a compressed archive", deflated(saved(module.state_dict())), module.state_dict()),
    ("a zip64 archive", zip64(saved(parameters)), parameters),
    *((f"pickle protocol {p}", saved(dtypes, pickle_protocol=p), dtypes) for p in (3, 4, 5)),
]
(here / "checkpoints.json").write_text(
    json.dumps(
        {
            "producedBy": produced_by,
            "cases": [
                {"name": name, "file": encoded(data), "tensors": {key: described(value) for key, value in tensors.items()}}
                for name, data, tensors in cases
            ],
        },
        ensure_ascii=False,
        indent=1,
    )
    + "\n"
)


class Call:
    """Pickles as a call of `function`."""

    def __init__(self, function, *args):
        self.function, self.args = function, args

    def __reduce__(self):
        return self.function, self.args


class Own:
    pass


def zipped(pickled):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as out:
        out.writestr("archive/data.pkl", pickled)
        out.writestr("archive/version", "3\n")
    return target.getvalue()


def old_format(pickled):
    head = [0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}]
    return b"".join(pickle.dumps(part, 2) for part in head) + pickled + pickle.dumps([], 2)


Own.__module__ = "evil.module"
import sys, types
sys.modules["evil"] = types.ModuleType("evil")
sys.modules["evil.module"] = types.ModuleType("evil.module")
sys.modules["evil.module"].Own = Own

pickles = [
    ("os.system", "posix.system", pickle.dumps(Call(os.system, "echo owned"), 2)),
    ("os.system, protocol 4", "posix.system", pickle.dumps(Call(os.system, "echo owned"), 4)),
    ("os.system, protocol 5, in a list in a dict", "posix.system", pickle.dumps({"weight": [1, Call(os.system, "x")]}, 5)),
    ("builtins.eval", "builtins.eval", pickle.dumps({"w": Call(builtins.eval, "1+1")}, 3)),
    ("builtins.exec, as Python 2 calls it", "__builtin__.exec", pickle.dumps(Call(builtins.exec, "1"), 2)),
    ("subprocess", "subprocess.Popen", pickle.dumps(Call(subprocess.Popen, ["true"]), 4)),
    ("getattr to reach anything", "builtins.getattr", pickle.dumps(Call(getattr, Call(__import__, "os"), "system"), 4)),
    ("a call inside the arguments of a call", "posix.system", pickle.dumps(Call(collections.OrderedDict, [["a", Call(os.system, "x")]]), 2)),
    ("an object of a class", "evil.module.Own", pickle.dumps(Own(), 2)),
    ("a nested attribute by STACK_GLOBAL", "torch.nn.Module.forward", b"\x80\x04\x8c\x08torch.nn\x8c\x0eModule.forward\x93."),
    ("INST", "os.system", b"\x80\x02(X\x04\x00\x00\x00echoios\nsystem\n."),
    ("a tensor's own loader", "torch.load", b"\x80\x02ctorch\nload\n."),
    ("a terminal escape in the name", "posix?[31m.system", b"\x80\x02cposix\x1b[31m\nsystem\n."),
]
hostile = []
for name, wanted, data in pickles:
    for form, wrap in (("zip", zipped), ("old format", old_format), ("bare pickle", bytes)):
        hostile.append({"name": f"{name} ({form})", "global": wanted, "file": encoded(wrap(data))})


def changed(data, change):
    """The archive with its members, a dict, changed."""
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        members = {info.filename: source.read(info) for info in source.infolist()}
    change(members)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as out:
        for name, content in members.items():
            out.writestr(name, content)
    return target.getvalue()


many = torch.zeros(5100)
small = saved({"a": torch.ones(3)})
refused = [
    ("a tensor of terabytes by a stride of 0", "its tensors would take 4000000000000 bytes, but it holds 4", saved({"a": torch.ones(1).expand(10**6, 10**6)})),
    ("many views of one storage", "its tensors would take", saved({f"v{i}": many[i : i + 5000] for i in range(64)})),
    ("a storage that is missing", 'storage "0" is missing', changed(small, lambda m: m.pop("archive/data/0"))),
    ("a storage that is too short", 'storage "0" should have 12 bytes, but has 8', changed(small, lambda m: m.update({"archive/data/0": bytes(8)}))),
    ("big-endian numbers", 'the byte order is "big"', changed(small, lambda m: m.update({"archive/byteorder": b"big"}))),
    ("two pickles", "2 pickles named data.pkl", changed(small, lambda m: m.update({"other/data.pkl": b""}))),
    ("a pickle cut short", "the pickle ends in the middle", changed(small, lambda m: m.update({"archive/data.pkl": m["archive/data.pkl"][:-9]}))),
    ("a dictionary without tensors", 'found a dict of "epoch", "state_dict"', saved({"epoch": 3, "state_dict": {}})),
    ("a list of tensors", "expected a state dict, found a list", saved([torch.ones(1)])),
    ("two state dicts", 'found a dict of "model", "state_dict"', saved({"model": {"a": torch.ones(1)}, "state_dict": {"a": torch.ones(1)}})),
    ("an old format cut short", "it was cut short", saved({"a": torch.ones(3)}, **legacy)[:-4]),
    ("an old format cut in a pickle", "a pickle ends in the middle", saved({"a": torch.ones(3)}, **legacy)[:200]),
]
refused = [{"name": name, "message": message, "file": encoded(data)} for name, message, data in refused]
(here / "hostile.json").write_text(json.dumps({"producedBy": produced_by, "cases": hostile, "refused": refused}, indent=1) + "\n")
