import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readJsonLines } from '@zooid/data';
import { Random } from '@zooid/tensor';

interface SlotRecord {
  readonly text: string;
  readonly intent: string;
  readonly slots: readonly { readonly type: string; readonly value: string }[];
}

export interface NewEntitySplit {
  readonly train: string;
  readonly test: string;
  /** The held-out values with their types, as an outside list. */
  readonly lexicon: string;
  readonly counts: { readonly entities: number; readonly train: number; readonly test: number };
}

/** Types whose values are names, as against dates, tags and languages. */
const isName = (type: string): boolean => type.endsWith('_name');

/**
 * A split in which test texts are about entities that the lexicon knows and no training text contains.
 *
 * A share of the named values of `records` is held out. Texts that mention one go to test when every name in them is
 * held out, and nowhere otherwise; training texts that contain a held-out value by accident go nowhere either.
 */
export async function writeNewEntitySplit(recordsFile: string, share: number, seed: number, folder: string): Promise<NewEntitySplit> {
  const records: SlotRecord[] = [];
  for await (const line of readJsonLines(recordsFile)) if ('record' in line) records.push(line.record as SlotRecord);
  const names = new Map<string, Set<string>>();
  for (const { slots } of records) {
    for (const { type, value } of slots) {
      if (isName(type) && [...value].length >= 2) names.set(value, (names.get(value) ?? new Set()).add(type));
    }
  }
  const held = new Set(new Random(seed).shuffle([...names.keys()].sort()).slice(0, Math.round(share * names.size)));
  const train: SlotRecord[] = [];
  const test: SlotRecord[] = [];
  for (const record of records) {
    const named = record.slots.filter(({ type }) => isName(type));
    if (named.length > 0 && named.every(({ value }) => held.has(value))) test.push(record);
    else if (![...held].some((value) => record.text.includes(value))) train.push(record);
  }
  await mkdir(folder, { recursive: true });
  const write = async (file: string, lines: readonly unknown[]): Promise<string> => {
    const path = join(folder, file);
    await writeFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    return path;
  };
  const entries = [...held].flatMap((surface) => [...names.get(surface)!].map((type) => ({ surface, type })));
  return {
    train: await write('train.jsonl', train),
    test: await write('test.jsonl', test),
    lexicon: await write('held-out.jsonl', entries),
    counts: { entities: held.size, train: train.length, test: test.length },
  };
}
