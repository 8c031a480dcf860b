import { CheckpointError } from '../errors.js';
import { storedTypes } from './dtypes.js';
import { duplicateKey } from './duplicate-key.js';

/** Bytes before the header: its length, as an unsigned 64-bit little-endian integer. */
export const prefixBytes = 8;

/** The reference implementation's limit; a header above it is an attack or not a safetensors file. */
const maxHeaderBytes = 100_000_000;

/** One tensor as the header describes it. Offsets count from the first byte after the header. */
export interface TensorEntry {
  readonly name: string;
  readonly stored: string;
  readonly dims: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface Header {
  /** In file order. */
  readonly entries: readonly TensorEntry[];
  readonly metadata: ReadonlyMap<string, string>;
}

/**
 * Length of the header, checked against the file's size before anything is allocated.
 *
 * @throws CheckpointError when the file is too short or claims an impossible header.
 */
export function headerLength(prefix: Uint8Array, fileBytes: number, subject: string): number {
  if (fileBytes < prefixBytes + 2) {
    throw new CheckpointError(`${subject}: ${fileBytes} bytes are too few for a safetensors file; it was cut short`);
  }
  const length = new DataView(prefix.buffer, prefix.byteOffset, prefixBytes).getBigUint64(0, true);
  const available = fileBytes - prefixBytes;
  if (length > BigInt(maxHeaderBytes) || length > BigInt(available)) {
    throw new CheckpointError(
      `${subject}: the header claims ${length} bytes, but ${Math.min(available, maxHeaderBytes)} are possible; ` +
        'the file was cut short or is not a safetensors file',
    );
  }
  return Number(length);
}

/**
 * Parses and validates a header. Everything in it is hostile until checked: afterwards every entry has a known type,
 * a shape that fits its bytes, and the entries tile the `dataBytes` after the header without gap or overlap.
 *
 * @throws CheckpointError naming `subject`, the tensor and what is wrong with it.
 */
export function parseHeader(bytes: Uint8Array, dataBytes: number, subject: string): Header {
  const fail = (problem: string): never => {
    throw new CheckpointError(`${subject}: ${problem}; the file is damaged or not a safetensors file`);
  };
  const fields = parseObject(bytes, fail);

  const metadata = new Map<string, string>();
  const entries: TensorEntry[] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (name === '__metadata__') {
      if (!isPlainObject(value)) return fail('__metadata__ must be an object of strings');
      for (const [key, text] of Object.entries(value)) {
        if (typeof text !== 'string') return fail(`__metadata__ must hold strings, found ${typeof text} at '${key}'`);
        metadata.set(key, text);
      }
    } else {
      entries.push(parseEntry(name, value, (problem) => fail(`tensor '${name}' ${problem}`)));
    }
  }

  // An empty tensor shares its offset with its neighbour and must come before it.
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let expected = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== expected) {
      return fail(`tensor '${name}' begins at byte ${begin} where ${expected} was expected (gap or overlap)`);
    }
    expected = end;
  }
  if (expected !== dataBytes)
    return fail(`the header describes ${expected} bytes of data, the file holds ${dataBytes}`);
  return { entries, metadata };
}

function parseObject(bytes: Uint8Array, fail: (problem: string) => never): Record<string, unknown> {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch {
    return fail('the header is not valid JSON in UTF-8');
  }
  // The format demands `{` as the first byte, which rules out a BOM and leading white space.
  if (!text.startsWith('{') || !isPlainObject(value)) return fail('the header must be a JSON object');
  const repeated = duplicateKey(text);
  if (repeated !== undefined) return fail(`the header names '${repeated}' twice`);
  return value;
}

function parseEntry(name: string, value: unknown, fail: (problem: string) => never): TensorEntry {
  if (!isPlainObject(value)) return fail('must be described by an object');
  const unknown = Object.keys(value).find((key) => key !== 'dtype' && key !== 'shape' && key !== 'data_offsets');
  if (unknown !== undefined) return fail(`has an unknown field '${unknown}'`);

  const { dtype: stored, shape: dims, data_offsets: offsets } = value;
  const type = typeof stored === 'string' ? storedTypes.get(stored) : undefined;
  if (typeof stored !== 'string' || type === undefined) {
    return fail(`has type ${JSON.stringify(stored)}; supported are ${[...storedTypes.keys()].join(', ')}`);
  }
  if (!isSizes(dims)) return fail(`has shape ${JSON.stringify(dims)}; expected non-negative integers`);
  if (!isSizes(offsets) || offsets.length !== 2) {
    return fail(`has data_offsets ${JSON.stringify(offsets)}; expected [begin, end]`);
  }
  const [begin, end] = offsets as [number, number];
  const expected = dims.reduce((product, size) => product * size, type.size);
  if (end - begin !== expected) {
    return fail(`of type ${stored} and shape [${dims.join(', ')}] needs ${expected} bytes, but has ${end - begin}`);
  }
  return { name, stored, dims, begin, end };
}

const isSizes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);

const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
