// Tokenizing speed beside @huggingface/tokenizers: node packages/tokenizers/bench/tokenize.mjs (after npm run build)
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Tokenizer as Peer } from '@huggingface/tokenizers';
import { loadTokenizer, parseTokenizerJson, parseVocabText, tokenizerFromVocab } from '@zooid/tokenizers';
import { chunks, megabytesPerSecond, requireFile } from './data.mjs';

const chinese = 'zh-laws/text.jsonl.gz';
const english = 'en-classics/books.jsonl.gz';
const wordPiece = (name) => () =>
  tokenizerFromVocab(parseVocabText(readFileSync(requireFile(`tokenizers/${name}.vocab.txt`), 'utf8')));
const json = (name) => () => {
  const bytes = readFileSync(requireFile(`tokenizers/${name}`));
  return parseTokenizerJson(JSON.parse(name.endsWith('.gz') ? gunzipSync(bytes) : bytes));
};
/** A SentencePiece model in a folder of its own. */
const sentencePiece = (name) => async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tokenize-'));
  symlinkSync(requireFile(`tokenizers/${name}`), join(folder, 'spiece.model'));
  writeFileSync(join(folder, 'tokenizer_config.json'), '{"tokenizer_class":"XLNetTokenizer"}');
  const tokenizer = await loadTokenizer(folder);
  rmSync(folder, { recursive: true });
  return tokenizer;
};

const cases = [
  { name: 'WordPiece, Chinese', load: wordPiece('bert-base-chinese'), texts: chinese },
  { name: 'WordPiece, English', load: wordPiece('bert-base-uncased'), texts: english },
  { name: 'byte-level BPE (GPT-2), English', load: json('gpt2.tokenizer.json.gz'), texts: english },
  { name: 'byte-level BPE (MiniMind), English', load: json('minimind.tokenizer.json'), texts: english },
  { name: 'byte-level BPE (MiniMind), Chinese', load: json('minimind.tokenizer.json'), texts: chinese },
  { name: 'Unigram (XLNet), Chinese', load: sentencePiece('chinese-xlnet.spiece.model'), texts: chinese },
];
const wanted = process.argv[2] ?? '';

for (const { name, load, texts: path } of cases.filter(({ name }) => name.includes(wanted))) {
  const ours = await load();
  const peer = new Peer(JSON.parse(JSON.stringify(ours)), {});
  for (const characters of [40, 400, 1_000_000]) {
    const texts = chunks(path, characters, 2_000_000);
    const few = texts.slice(0, Math.ceil(texts.length / 16));
    const isEqual = few.slice(0, 300).every((text) => ours.encode(text).ids.join() === peer.encode(text).ids.join());
    // By turns, so that other work on the machine slows both alike.
    let speed = 0;
    let peerSpeed = 0;
    for (let round = 0; round < 3; round++) {
      speed = Math.max(
        speed,
        megabytesPerSecond(texts, () => ours.encodeBatch(texts), 3),
      );
      peerSpeed = Math.max(
        peerSpeed,
        megabytesPerSecond(few, () => few.map((text) => peer.encode(text)), 1),
      );
    }
    console.log(
      `${name}, ${String(characters).padStart(7)} characters a text: ${speed.toFixed(1)} MB/s, ` +
        `@huggingface/tokenizers ${peerSpeed.toFixed(2)} MB/s, ${(speed / peerSpeed).toFixed(0)} times, ids ${isEqual ? 'equal' : 'DIFFER'}`,
    );
  }
}
