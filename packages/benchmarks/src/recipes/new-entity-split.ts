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

/** Which names are held out. */
export type HeldOut =
  /** A share of all names as they come: most are songs, so most test texts have the majority intent. */
  | { readonly share: number }
  /** So many of every type, and at most half of each: the types weigh the same, whatever their frequency. */
  | { readonly perType: number };

/**
 * A split in which test texts are about entities that the lexicon knows and no training text contains.
 *
 * Named values of the records are held out by the given rule. Texts that mention one go to test when every name in them is
 * held out, and nowhere otherwise; training texts that contain a held-out value by accident go nowhere either.
 */
export async function writeNewEntitySplit(
  recordsFile: string,
  rule: HeldOut,
  seed: number,
  folder: string,
): Promise<NewEntitySplit> {
  const records: SlotRecord[] = [];
  for await (const line of readJsonLines(recordsFile)) if ('record' in line) records.push(line.record as SlotRecord);
  const names = new Map<string, Set<string>>();
  for (const { slots } of records) {
    for (const { type, value } of slots) {
      if (isName(type) && [...value].length >= 2) names.set(value, (names.get(value) ?? new Set()).add(type));
    }
  }
  const held = holdOut(names, rule, new Random(seed));
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

function holdOut(names: ReadonlyMap<string, ReadonlySet<string>>, rule: HeldOut, random: Random): Set<string> {
  const draw = (values: readonly string[], count: number) =>
    random.shuffle([...values].sort()).slice(0, Math.round(count));
  if ('share' in rule) return new Set(draw([...names.keys()], rule.share * names.size));
  const types = [...new Set([...names.values()].flatMap((own) => [...own]))].sort();
  return new Set(
    types.flatMap((type) => {
      const values = [...names].flatMap(([value, own]) => (own.has(type) ? [value] : []));
      return draw(values, Math.min(rule.perType, values.length / 2));
    }),
  );
}
