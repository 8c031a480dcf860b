"""Fills encodings.json with the results of Hugging Face's Rust tokenizers.

    pip install tokenizers==0.23.2 && python fill_encodings.py

Texts, normalizers and options in the file are kept; `expected` is written anew. Offsets are converted from code points to
UTF-16 units. Texts with a capital sigma are not in the file: Rust lower-cases it without context (see
docs/decisions/001-which-reference.md); nor are characters newer than Unicode 3.2, which its tables may not know.
"""

import json
from pathlib import Path

import tokenizers
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

folder = Path(__file__).parent
golden = json.loads((folder / "encodings.json").read_text(encoding="utf-8"))
vocab = {token: i for i, token in enumerate((folder / "vocab.txt").read_text(encoding="utf-8").split("\n")[:-1])}


def build(normalizer):
    tokenizer = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(**normalizer)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", vocab["[CLS]"]), ("[SEP]", vocab["[SEP]"])],
    )
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    return tokenizer


def utf16(text):
    places = [0]
    for character in text:
        places.append(places[-1] + (2 if ord(character) > 0xFFFF else 1))
    return places


def record(encoding, texts):
    offsets = []
    for (start, end), sequence in zip(encoding.offsets, encoding.sequence_ids):
        places = [0] if sequence is None else utf16(texts[sequence])
        offsets += [places[start], places[end]]
    return {
        "ids": encoding.ids,
        "typeIds": encoding.type_ids,
        "offsets": offsets,
        "specialMask": encoding.special_tokens_mask,
    }


for case in golden["singles"]:
    tokenizer = build(case["normalizer"])
    case["expected"] = [record(tokenizer.encode(text), [text]) for text in case["texts"]]
tokenizer = build(golden["singles"][0]["normalizer"])
for case in golden["truncated"]:
    tokenizer.enable_truncation(case["maxLength"], strategy=case["truncation"])
    pair = case.get("pair")
    try:
        case["expected"] = record(tokenizer.encode(case["text"], pair), [case["text"], pair])
    except Exception:  # the part that must stay whole does not fit
        case["expected"] = None
golden["provenance"] = f"Hugging Face tokenizers {tokenizers.__version__} (Rust), fill_encodings.py"
(folder / "encodings.json").write_text(json.dumps(golden, ensure_ascii=True, separators=(",", ":")) + "\n", encoding="utf-8")
