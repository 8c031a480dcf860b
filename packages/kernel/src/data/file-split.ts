import { AbortError, ValidationError } from '@zooid/common';
import type { DataLine, DataSplit } from '@zooid/spec';
import { Random } from '@zooid/tensor';
import { sha256 } from './digest.js';

/** Which records of the underlying files belong to a split, by their position. */
export interface Selection {
  /** Enters the split's digest. */
  readonly description: string;
  /** Decides on every position from 0; asked once per pass. */
  belongs(signal?: AbortSignal): Promise<(index: number) => boolean>;
}

export interface FileSplitOptions {
  readonly name: string;
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
  readonly read: (path: string, signal?: AbortSignal) => AsyncIterable<DataLine>;
  /** How a path appears in messages. */
  readonly display: (path: string) => string;
  readonly selection?: Selection;
}

/** Records of one or more files, strict: the first bad line ends the pass. */
export class FileSplit implements DataSplit {
  readonly name: string;
  readonly files: readonly string[];
  readonly digest: string;
  readonly #options: FileSplitOptions;

  constructor(options: FileSplitOptions) {
    this.#options = options;
    this.name = options.name;
    this.files = options.files.map(({ path }) => path);
    const digests = options.files.map((file) => file.sha256);
    const isWholeFile = digests.length === 1 && options.selection === undefined;
    this.digest = isWholeFile ? digests[0]! : sha256([...digests, options.selection?.description ?? ''].join('\n'));
  }

  async *records(signal?: AbortSignal): AsyncIterable<{ readonly record: unknown; readonly origin: string }> {
    const belongs = await this.#options.selection?.belongs(signal);
    let index = 0;
    for (const path of this.files) {
      for await (const line of this.#options.read(path, signal)) {
        AbortError.throwIfAborted(signal);
        const origin = `${this.#options.display(path)}:${line.line}`;
        if ('issue' in line) throw new ValidationError(origin, [{ path: '', message: line.issue }]);
        if (belongs?.(index++) ?? true) yield { record: line.record, origin };
      }
    }
  }
}

/** Counts the records of `split`, reading all of it. @throws ValidationError on a bad line, or when there are none. */
export async function countRecords(split: DataSplit, signal?: AbortSignal): Promise<number> {
  let count = 0;
  for await (const _ of split.records(signal)) count++;
  if (count === 0) {
    throw new ValidationError(split.files.join(', '), [{ path: '', message: `holds no records for ${split.name}` }]);
  }
  return count;
}

/**
 * Parts `whole` in two by a seeded draw: `fraction` of its records (at least one, and never all), and the rest. Both
 * keep the order of the file; the same seed gives the same parts.
 */
export function drawFraction(
  whole: DataSplit,
  fraction: number,
  seed: number,
): { readonly drawn: Selection; readonly rest: Selection } {
  let positions: Promise<ReadonlySet<number>> | undefined;
  const draw = async (signal?: AbortSignal) => {
    const count = await countRecords(whole, signal);
    const order = new Random(seed)
      .fork('validation fraction')
      .shuffle(Uint32Array.from({ length: count }, (_, i) => i));
    const size = Math.min(Math.max(Math.round(count * fraction), 1), count - 1);
    return new Set(order.subarray(0, size));
  };
  const chosen = (signal?: AbortSignal) => {
    positions ??= draw(signal).catch((error: unknown) => {
      positions = undefined; // an aborted pass must not stick
      throw error;
    });
    return positions;
  };
  const description = `fraction ${fraction} drawn with seed ${seed}`;
  const select = (side: string, keep: boolean): Selection => ({
    description: `${side} of ${description}`,
    async belongs(signal) {
      const set = await chosen(signal);
      return (index) => set.has(index) === keep;
    },
  });
  return { drawn: select('part', true), rest: select('rest', false) };
}
