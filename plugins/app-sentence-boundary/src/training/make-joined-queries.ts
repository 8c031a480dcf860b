/**
 * Writes the validation and test files of `appzoo/sentence-boundary/joined-queries`: what people ask a speaker or an assistant, one
 * to four requests that have nothing to do with each other in a row.
 *
 *     node plugins/app-sentence-boundary/dist/training/make-joined-queries.js ../shared/data appzoo
 *
 * Requests come from parts that no recipe trains on: the hand-written test sentences of `intent/zh-speaker`, and the turns of users in
 * the test dialogues of CrossWOZ and of both speakers in those of KdConv. Every second sentence or dialogue is for validation. Turns
 * of several sentences are left out, for where they end is the turn's own affair; turns of several clauses stay. Seed 20261122.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Random } from '@zooid/tensor';
import { parseExample } from '../example.js';
import { RecordFields } from '../options.js';

const [data, appzoo] = process.argv.slice(2) as [string, string];
const fields = new RecordFields();
const rowsPerSplit = 800;

interface Dialogue {
  readonly turns: readonly { readonly speaker?: string; readonly text: string }[];
}

async function records<T>(file: string): Promise<T[]> {
  const bytes = await readFile(file);
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T);
}

const speaker = await records<{ text: string }>(join(appzoo, 'intent/zh-speaker/test.jsonl'));
const crosswoz = await records<Dialogue>(join(data, 'crosswoz/test.jsonl'));
const kdconv = await records<Dialogue>(join(data, 'kdconv/test.jsonl.gz'));
const trained = await records<{ input: string }>(join(data, 'punctuation-zh/train_dialogue.jsonl.gz'));
const seen = new Set(trained.map(({ input }) => input));

/** One sentence of 2 to 40 characters that training does not have. */
function isRequest(text: string): boolean {
  if (text.trim() !== text || /\n/.test(text)) return false;
  const [piece] = parseExample({ text: `${text}` }, fields).pieces;
  const { length } = Array.from(piece!.text);
  return piece!.ends.size === 1 && length >= 2 && length <= 40 && !seen.has(piece!.text);
}

const random = new Random(20261122);
for (const [parity, split] of ['dev', 'test'].entries()) {
  const half = <T>(all: readonly T[]): T[] => all.filter((_, i) => i % 2 === parity);
  const turnsOf = (dialogues: readonly Dialogue[]) =>
    half(dialogues).flatMap(({ turns }) => turns.flatMap(({ speaker, text }) => (speaker === 'sys' ? [] : [text])));
  const sources = [half(speaker).map(({ text }) => text), turnsOf(crosswoz), turnsOf(kdconv)].map((texts) => [
    ...new Set(texts.filter(isRequest)),
  ]);
  const lines = Array.from({ length: rowsPerSplit }, () => {
    const queries = Array.from({ length: 1 + random.int(4) }, () => random.choice(random.choice(sources)));
    return `${JSON.stringify({ queries })}\n`;
  });
  await writeFile(join(appzoo, `sentence-boundary/joined-queries/${split}.jsonl`), lines.join(''));
  console.log(split, sources.map(({ length }) => length).join(' '), 'requests');
}
