"""Makes pipelines.json and the SentencePiece models beside it: small tokenizers of all kinds and what their own libraries make of texts.

    pip install tokenizers==0.23.2 sentencepiece==0.2.2 && python fill_pipelines.py

The tokenizers are trained on the sentences below, which were written for this purpose. Offsets are converted from code
points to UTF-16 units; they are null where ours differ on purpose (docs/decisions/003-tokenizer-files.md): where several
characters are replaced together, and for bytes of neighbouring unknown characters of a Unigram model.
"""

import io
import json
import unicodedata
from pathlib import Path

import sentencepiece
import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

folder = Path(__file__).parent
corpus = [
    "The quick brown fox jumps over the lazy dog, and the dog doesn't mind.",
    "She sells sea shells by the sea shore; they're the finest shells she's ever sold.",
    "Numbers like 12, 345 and 2024 are split, but words are merged again and again.",
    "A tokenizer turns text into tokens, and tokens into numbers that a model can read.",
    "It's raining, it's pouring, the old man is snoring, and nobody knows why he won't wake up.",
    "今天天气很好，我们去公园散步吧。",
    "我想听一首安静的歌，请播放说不出的秘密。",
    "北京是中国的首都，上海是最大的城市，我们都很喜欢。",
    "Der Müller läuft schnell über die Brücke, während die Sonne aufgeht.",
    "def add(first, second):\n    return first + second\n",
] * 4

texts = [
    "The dog doesn't mind the fox.",
    " leading space, and trailing ",
    "two  spaces,   three\n\nand\t tabs",
    "今天我们去听歌，好吗？",
    "mixed 中文 and English 2024年",
    "Müller läuft über die BRÜCKE",
    "e\u0301 and \u00e9, combining o\u0308\u0323",
    "emoji 😀👩‍👩‍👧 and 𠮷 astral",
    "they'll they're we've I'M 12345",
    "unseen: ж λ ק ع ा",
    "<mask> a<mask>b <mask>  c <s>x</s>",
    "x",
    "def f(a):\n    return a + 1\n",
    "half ﾊﾝｶｸ full ＡＢＣ １２３ ﬁ ½",
    "[MASK]ing the [MASK]",
    "a\u00a0b\u3000c\u200bd",
]


def utf16(text):
    places = [0]
    for character in text:
        places.append(places[-1] + (2 if ord(character) > 0xFFFF else 1))
    return places


def record(tokenizer, text, pair=None, with_offsets=True):
    encoding = tokenizer.encode(text, pair)
    offsets = []
    for (start, end), sequence in zip(encoding.offsets, encoding.sequence_ids):
        places = [0] if sequence is None else utf16([text, pair][sequence])
        offsets += [places[start], places[end]]
    return {
        "text": text,
        **({} if pair is None else {"pair": pair}),
        "ids": encoding.ids,
        "typeIds": encoding.type_ids,
        "offsets": offsets if with_offsets else None,
        "decoded": tokenizer.decode(encoding.ids),
        "decodedWhole": tokenizer.decode(encoding.ids, skip_special_tokens=False),
    }


def plain(text):
    return text == unicodedata.normalize("NFKC", text) and "  " not in text and "\n" not in text and "\t" not in text


def case(name, tokenizer, merging=False, with_offsets=True):
    records = [record(tokenizer, text, None, with_offsets and (not merging or plain(text))) for text in texts]
    records.append(record(tokenizer, "The dog", "a fox, 我们"))
    return {"name": name, "tokenizer": json.loads(tokenizer.to_str()), "cases": records}


def byte_level_bpe(vocab_size=420, special=("<|endoftext|>",), pre=None):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre or pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=list(special),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus, trainer)
    return tokenizer


cases = []

gpt2 = byte_level_bpe()
gpt2.post_processor = processors.ByteLevel(trim_offsets=False)
cases.append(case("GPT-2", gpt2))

roberta_specials = ["<s>", "<pad>", "</s>", "<unk>", AddedToken("<mask>", lstrip=True)]
roberta = byte_level_bpe(special=roberta_specials)
roberta.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False)
cases.append(case("RoBERTa", roberta))

prefixed = byte_level_bpe(special=roberta_specials, pre=pre_tokenizers.ByteLevel(add_prefix_space=True))
# With a prefix Rust trims the offsets of tokens after added ones by one too many: left untrimmed.
prefixed.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=False, add_prefix_space=True)
cases.append(case("RoBERTa with a space before the text", prefixed))

qwen_pattern = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
qwen = byte_level_bpe(
    special=("<|endoftext|>", "<|im_start|>"),
    pre=pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(qwen_pattern), behavior="isolated", invert=False),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    ),
)
qwen.normalizer = normalizers.NFC()
cases.append(case("Qwen", qwen, merging=True))

llama3 = json.loads(byte_level_bpe(special=("<|begin_of_text|>",)).to_str())
llama3["model"]["ignore_merges"] = True
llama3["model"]["merges"] = llama3["model"]["merges"][:-40]
llama3["pre_tokenizer"] = {
    "type": "Sequence",
    "pretokenizers": [
        {
            "type": "Split",
            "pattern": {"Regex": qwen_pattern.replace(r"|\p{N}|", r"|\p{N}{1,3}|")},
            "behavior": "Isolated",
            "invert": False,
        },
        {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False},
    ],
}
llama3["post_processor"] = {
    "type": "Sequence",
    "processors": [
        {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
        {
            "type": "TemplateProcessing",
            "single": [
                {"SpecialToken": {"id": "<|begin_of_text|>", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
            ],
            "pair": [
                {"SpecialToken": {"id": "<|begin_of_text|>", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": "<|begin_of_text|>", "type_id": 1}},
                {"Sequence": {"id": "B", "type_id": 1}},
            ],
            "special_tokens": {
                "<|begin_of_text|>": {"id": "<|begin_of_text|>", "ids": [0], "tokens": ["<|begin_of_text|>"]}
            },
        },
    ],
}
cases.append(case("Llama 3", Tokenizer.from_str(json.dumps(llama3))))

byte_tokens = [f"<0x{byte:02X}>" for byte in range(256)]
llama = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
llama.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
llama.decoder = decoders.Sequence(
    [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(content=" ", left=1)]
)
llama.train_from_iterator(
    [line.replace(" ", " ▁") for line in corpus],
    trainers.BpeTrainer(
        vocab_size=520, special_tokens=["<unk>", "<s>", "</s>", *byte_tokens], show_progress=False, max_token_length=12
    ),
)
# The bytes had to be special for the trainer; in Llama's file they are ordinary tokens.
llama = json.loads(llama.to_str())
llama["added_tokens"] = llama["added_tokens"][:3]
llama = Tokenizer.from_str(json.dumps(llama))
llama.post_processor = processors.TemplateProcessing(
    single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 1)]
)
cases.append(case("Llama 2", llama))

without_bytes = json.loads(llama.to_str())
without_bytes["model"]["byte_fallback"] = False
without_bytes["model"]["fuse_unk"] = True
cases.append(case("BPE that fuses unknown characters", Tokenizer.from_str(json.dumps(without_bytes))))
without_bytes["model"]["fuse_unk"] = False
cases.append(case("BPE with unknown characters one by one", Tokenizer.from_str(json.dumps(without_bytes))))

clip = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"))
clip.normalizer = normalizers.Sequence(
    [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
)
clip.pre_tokenizer = pre_tokenizers.Split(
    Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"), behavior="removed", invert=True
)
clip.decoder = decoders.BPEDecoder("</w>")
clip.train_from_iterator(
    corpus,
    trainers.BpeTrainer(vocab_size=300, special_tokens=["<unk>"], end_of_word_suffix="</w>", show_progress=False),
)
cases.append(case("CLIP-like", clip, merging=True))

pieces = Tokenizer(models.WordPiece(unk_token="[UNK]"))
pieces.normalizer = normalizers.Sequence([normalizers.NFD(), normalizers.Lowercase(), normalizers.StripAccents()])
pieces.pre_tokenizer = pre_tokenizers.Sequence(
    [pre_tokenizers.Whitespace(), pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.Punctuation()]
)
pieces.decoder = decoders.WordPiece()
pieces.train_from_iterator(
    corpus,
    trainers.WordPieceTrainer(vocab_size=300, special_tokens=["[UNK]", "[CLS]", "[SEP]", "[MASK]"], show_progress=False),
)
pieces.post_processor = processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
cases.append(case("WordPiece behind a sequence", pieces, merging=True))


def unigram(byte_fallback=False):
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    specials = ["<pad>", "</s>", "<unk>", AddedToken("<mask>", lstrip=True), *(byte_tokens if byte_fallback else [])]
    tokenizer.train_from_iterator(
        corpus,
        trainers.UnigramTrainer(
            vocab_size=330 + (256 if byte_fallback else 0), special_tokens=specials, unk_token="<unk>", show_progress=False
        ),
    )
    json_form = json.loads(tokenizer.to_str())
    json_form["added_tokens"] = json_form["added_tokens"][:4]
    json_form["model"]["byte_fallback"] = byte_fallback
    if byte_fallback:
        json_form["decoder"] = {
            "type": "Sequence",
            "decoders": [
                {"type": "ByteFallback"},
                {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
            ],
        }
    return json_form


t5 = unigram()
first = Tokenizer.from_str(json.dumps(t5))
first.post_processor = processors.TemplateProcessing(
    single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)]
)
cases.append(case("T5-like", first, merging=True))
t5["pre_tokenizer"] = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": False}
cases.append(case("Unigram over whole texts", Tokenizer.from_str(json.dumps(t5)), merging=True))
t5["pre_tokenizer"] = {
    "type": "Sequence",
    "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"}],
}
cases.append(case("XLM-R-like", Tokenizer.from_str(json.dumps(t5)), merging=True))
cases.append(case("Unigram with bytes", Tokenizer.from_str(json.dumps(unigram(byte_fallback=True))), with_offsets=False))

behaviors = []
for behavior in ["removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"]:
    for invert in [False, True]:
        split = pre_tokenizers.Split(Regex("[-,]"), behavior=behavior, invert=invert)
        behaviors.append(
            {
                "behavior": behavior,
                "invert": invert,
                "results": {
                    text: [list(offsets) for _, offsets in split.pre_tokenize_str(text)]
                    for text in ["a-b", "--a,-b--", "-", "ab", ",a,,b,c", "a--"]
                },
            }
        )

(folder / "pipelines.json").write_text(
    json.dumps(
        {
            "provenance": f"Hugging Face tokenizers {tokenizers.__version__} (Rust), fill_pipelines.py",
            "pipelines": cases,
            "behaviors": behaviors,
        },
        ensure_ascii=True,
        separators=(",", ":"),
    )
    + "\n",
    encoding="utf-8",
)

# A small table of replacements in place of nmt_nfkc, whose table alone has 240 kB.
rules = folder / "rules.tsv"
rules.write_text(
    "".join(
        f"{source}\t{target}\n"
        for source, target in [
            ("FF21", "41"), ("FF22", "42"), ("FF23", "43"), ("3000", "20"), ("A0", "20"), ("9", "20"), ("A", "20"),
            ("FB01", "66 69"), ("65 301", "E9"), ("200B", ""), ("BD", "31 2F 32"), ("FF8A", "30CF"), ("FF8A FF9E", "30D0"),
        ]
    )
)
models_out = []
for name, options in {
    "unigram": {"model_type": "unigram", "vocab_size": 240},
    "bpe": {"model_type": "bpe", "vocab_size": 700, "byte_fallback": True},
    "bpe-spaces": {
        "model_type": "bpe", "vocab_size": 420, "remove_extra_whitespaces": False, "add_dummy_prefix": True,
    },
    "unigram-bytes": {"model_type": "unigram", "vocab_size": 520, "byte_fallback": True, "add_dummy_prefix": False},
}.items():
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(line.replace("\n", " ") for line in corpus),
        model_writer=out,
        normalization_rule_tsv=str(rules),
        control_symbols=["<cls>"],
        user_defined_symbols=["<user>"],
        character_coverage=0.98,
        hard_vocab_limit=False,
        minloglevel=2,
        **options,
    )
    (folder / f"sentencepiece-{name}.model").write_bytes(out.getvalue())
    processor = sentencepiece.SentencePieceProcessor(model_proto=out.getvalue())
    models_out.append(
        {
            "file": f"sentencepiece-{name}.model",
            # Control symbols in a text are plain characters to SentencePiece, and tokens to us.
            "cases": [
                {"text": text, "ids": processor.encode(text), "decoded": processor.decode(processor.encode(text))}
                for text in [*texts, "   ", ""]
                if "<s>" not in text
            ],
        }
    )
rules.unlink()
(folder / "sentencepiece.json").write_text(
    json.dumps(
        {"provenance": f"sentencepiece {sentencepiece.__version__} (C++), fill_pipelines.py", "models": models_out},
        ensure_ascii=True,
        separators=(",", ":"),
    )
    + "\n",
    encoding="utf-8",
)
