import { gunzipSync } from 'node:zlib';

/** Original files by input name → our files by split name, as JSON Lines. Throws with a reason when a file is not what it should be. */
export type Converter = (
  sources: ReadonlyMap<string, Uint8Array>,
  options: { readonly columns?: Readonly<Record<string, string>> },
) => ReadonlyMap<string, Uint8Array>;

/** Conversions are exact: their output is checked against the registry's digest, byte by byte. */
export const converters = {
  jsonl: perFile((bytes) => (isGzip(bytes) ? gunzipSync(bytes) : bytes)),
  csv: perFile((bytes, { columns }) => jsonLines(csvRecords(decode(bytes), columns))),
  'bies-columns': perFile((bytes) => jsonLines(biesRecords(decode(bytes)))),
  'clinc-json': clincJson,
} as const satisfies Readonly<Record<string, Converter>>;

export const converterNames: readonly string[] = Object.keys(converters);

export function converterNamed(name: string): Converter {
  return converters[name as keyof typeof converters];
}

function perFile(
  convert: (bytes: Uint8Array, options: { readonly columns?: Readonly<Record<string, string>> }) => Uint8Array,
): Converter {
  return (sources, options) => new Map([...sources].map(([name, bytes]) => [name, convert(bytes, options)]));
}

/**
 * CLINC150: one JSON file with `[text, intent]` pairs per split, out-of-scope ones apart, and one that lists the
 * intents of each domain.
 */
function clincJson(sources: ReadonlyMap<string, Uint8Array>): ReadonlyMap<string, Uint8Array> {
  const data = JSON.parse(decode(sourceNamed(sources, 'data'))) as Record<string, [string, string][]>;
  const domains = JSON.parse(decode(sourceNamed(sources, 'domains'))) as Record<string, string[]>;
  const domainOf = new Map(Object.entries(domains).flatMap(([domain, intents]) => intents.map((i) => [i, domain])));
  const split = (inScope: string, outOfScope: string) =>
    jsonLines(
      [...data[inScope]!, ...data[outOfScope]!].map(([text, label]) => ({
        text,
        label,
        domain: domainOf.get(label) ?? 'oos',
      })),
    );
  return new Map([
    ['train', split('train', 'oos_train')],
    ['dev', split('val', 'oos_val')],
    ['test', split('test', 'oos_test')],
  ]);
}

/** Blocks of `character slot-tag word-boundary` lines, each block closed by a line with the intent. */
function* biesRecords(text: string): Generator<object> {
  for (const block of text.split(/\r?\n\r?\n/)) {
    const lines = block.split(/\r?\n/).filter((line) => line !== '');
    const intent = lines.pop();
    if (intent === undefined) continue;
    const columns = lines.map((line) => line.split(' '));
    const chars = columns.map(([char]) => char!);
    const tags = columns.map(([, tag]) => tag!);
    yield { text: chars.join(''), intent, slots: biesSlots(chars, tags), chars, tags };
  }
}

/** Spans in code points, `end` exclusive. Each entry of `chars` is one code point. */
function biesSlots(chars: readonly string[], tags: readonly string[]): object[] {
  const slots: object[] = [];
  let start = 0;
  for (const [index, tag] of tags.entries()) {
    const position = tag[0];
    if (position === 'B' || position === 'S') start = index;
    if (position === 'E' || position === 'S') {
      slots.push({ type: tag.slice(2), start, end: index + 1, value: chars.slice(start, index + 1).join('') });
    }
  }
  return slots;
}

/** Records of an RFC 4180 file with a header line; line breaks and spaces at the ends of a value are dropped. */
function* csvRecords(text: string, columns: Readonly<Record<string, string>> = {}): Generator<object> {
  const rows = csvRows(text);
  const header = rows.next().value;
  if (header === undefined) throw new Error('the file is empty');
  const fields = Object.entries(columns).map(([field, column]) => ({ field, index: header.indexOf(column), column }));
  for (const { index, column } of fields) {
    if (index === -1) throw new Error(`there is no column '${column}' (columns: ${header.join(', ')})`);
  }
  for (const row of rows)
    yield Object.fromEntries(fields.map(({ field, index }) => [field, (row[index] ?? '').trim()]));
}

function* csvRows(text: string): Generator<string[]> {
  // One cell and what ends it: quoted with doubled quotes inside, or plain up to the next comma or line break.
  const cell = /(?:"([^"]*(?:""[^"]*)*)"|((?!")[^,\r\n]*))(,|\r?\n|$)/y;
  let row: string[] = [];
  while (cell.lastIndex < text.length) {
    const at = cell.lastIndex;
    const match = cell.exec(text);
    if (match === null) throw new Error(`a quoted value that starts at character ${at} is not closed properly`);
    row.push(match[1]?.replaceAll('""', '"') ?? match[2]!);
    if (match[3] === ',') {
      if (cell.lastIndex === text.length) row.push('');
      else continue;
    }
    yield row;
    row = [];
  }
}

function sourceNamed(sources: ReadonlyMap<string, Uint8Array>, name: string): Uint8Array {
  const bytes = sources.get(name);
  if (bytes === undefined) throw new Error(`the registry names no original file '${name}'`);
  return bytes;
}

function jsonLines(records: Iterable<object>): Uint8Array {
  let text = '';
  for (const record of records) text += `${JSON.stringify(record)}\n`;
  return new TextEncoder().encode(text);
}

const decode = (bytes: Uint8Array): string => new TextDecoder('utf-8', { fatal: true }).decode(bytes);
const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;
