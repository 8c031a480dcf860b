import { once } from 'node:events';
import { closeSync, createWriteStream, existsSync, openSync, readSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { endianness } from 'node:os';
import { dirname } from 'node:path';
import { writeFileAtomically } from '@zooid/hub';

/** Set where a token starts a word; the other 31 bits are its id. */
const START = 0x8000_0000;
const BYTES = 4;
/** Tokens gathered before they are written. */
const CHUNK = 1 << 18;

/** Tokens of one text, without special ones. */
export interface TokenRun {
  readonly ids: Int32Array;
  /** 1 where a word starts. */
  readonly starts: Uint8Array;
}

/**
 * A tokenized corpus on disk: a corpus is tokenized once, read at random places, and may be larger than memory. Texts
 * follow one another with the separator between them; four bytes a token in this machine's byte order, since the file
 * lives as long as its run and is never passed on.
 */
export class TokenStore implements Disposable {
  private constructor(
    private readonly file: number,
    /** Tokens in all, separators included. */
    readonly length: number,
  ) {}

  /** Opens the store at `path` if it was made from the same `digest`. */
  static async open(path: string, digest: string): Promise<TokenStore | undefined> {
    if (!existsSync(`${path}.json`) || !existsSync(path)) return undefined;
    const head = JSON.parse(await readFile(`${path}.json`, 'utf8')) as { digest: string; tokens: number };
    return head.digest === digest ? new TokenStore(openSync(path, 'r'), head.tokens) : undefined;
  }

  /** Writes the store; a half-written one is never opened. `onProgress` hears the tokens written so far. */
  static async write(
    path: string,
    digest: string,
    runs: AsyncIterable<TokenRun>,
    separator: number,
    onProgress: (tokens: number) => void = () => {},
  ): Promise<TokenStore> {
    await mkdir(dirname(path), { recursive: true });
    await rm(`${path}.json`, { force: true });
    const stream = createWriteStream(`${path}.part`);
    let buffer = new Uint32Array(CHUNK);
    let filled = 0;
    let tokens = 0;
    const flush = async () => {
      const bytes = new Uint8Array(buffer.buffer, 0, filled * BYTES);
      tokens += filled;
      buffer = new Uint32Array(CHUNK);
      filled = 0;
      if (!stream.write(bytes)) await once(stream, 'drain');
      onProgress(tokens);
    };
    for await (const { ids, starts } of runs) {
      for (let i = 0; i < ids.length; i++) {
        buffer[filled++] = starts[i] === 1 ? (ids[i]! | START) >>> 0 : ids[i]!;
        if (filled === CHUNK) await flush();
      }
      buffer[filled++] = (separator | START) >>> 0;
      if (filled === CHUNK) await flush();
    }
    await flush();
    stream.end();
    await once(stream, 'close');
    await rename(`${path}.part`, path);
    const head = { digest, tokens, byteOrder: endianness() };
    await writeFileAtomically(`${path}.json`, [Buffer.from(JSON.stringify(head))]);
    return new TokenStore(openSync(path, 'r'), tokens);
  }

  /** `count` tokens from place `from` on. @throws RangeError beyond the end. */
  read(from: number, count: number): TokenRun {
    if (from < 0 || from + count > this.length) {
      throw new RangeError(`Tokens ${from} to ${from + count} are not all in a store of ${this.length}`);
    }
    const packed = new Uint32Array(count);
    readSync(this.file, packed, 0, count * BYTES, from * BYTES);
    return {
      ids: Int32Array.from(packed, (token) => token & ~START),
      starts: Uint8Array.from(packed, (t) => t >>> 31),
    };
  }

  [Symbol.dispose](): void {
    closeSync(this.file);
  }
}
