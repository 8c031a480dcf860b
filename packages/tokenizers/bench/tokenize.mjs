// Tokenizing speed beside @huggingface/tokenizers: node packages/tokenizers/bench/tokenize.mjs (after npm run build)
import { readFileSync } from 'node:fs';
import { Tokenizer as Peer } from '@huggingface/tokenizers';
import { parseVocabText, tokenizerFromVocab } from '@zooid/tokenizers';
import { chunks, megabytesPerSecond, requireFile } from './data.mjs';

const cases = [
  { name: 'Chinese', vocab: 'bert-base-chinese', texts: 'zh-laws/text.jsonl.gz' },
  { name: 'English', vocab: 'bert-base-uncased', texts: 'en-classics/books.jsonl.gz' },
];

for (const { name, vocab, texts: path } of cases) {
  for (const characters of [40, 400, 1_000_000]) {
    const texts = chunks(path, characters, 2_000_000);
    const tokens = readFileSync(requireFile(`tokenizers/${vocab}.vocab.txt`), 'utf8');
    const ours = tokenizerFromVocab(parseVocabText(tokens));
    const peer = new Peer(JSON.parse(JSON.stringify(ours.toJSON())), {});
    const sample = texts.slice(0, 300);
    const isEqual = sample.every((text) => ours.encode(text).ids.join() === peer.encode(text).ids.join());
    const speed = megabytesPerSecond(texts, () => ours.encodeBatch(texts));
    const few = texts.slice(0, Math.ceil(texts.length / 8));
    const peerSpeed = megabytesPerSecond(few, () => few.map((text) => peer.encode(text)), 3);
    console.log(
      `${name} ${String(characters).padStart(7)} characters a text: ${speed.toFixed(1)} MB/s, ` +
        `@huggingface/tokenizers ${peerSpeed.toFixed(1)} MB/s, ${(speed / peerSpeed).toFixed(0)} times, ids ${isEqual ? 'equal' : 'DIFFER'}`,
    );
  }
}
