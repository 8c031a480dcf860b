import { isUtf8 } from 'node:buffer';
import { AbortError } from '@zooid/common';
import { type DataLine, defaultMaxLineBytes, type ReadOptions } from './data-line.js';
import { openText, readError } from './open-text.js';

/** A line of text, or a line that is none. */
export type TextLine = { readonly line: number; readonly text: string } | Extract<DataLine, { readonly issue: string }>;

const newline = 0x0a;
const carriageReturn = 0x0d;

/** How much of an over-long line is kept to show. */
const keptBytes = 1000;

/**
 * Lines of a UTF-8 file (plain or gzip) without their ends (`\n` or `\r\n`) and without a byte order mark. A line that
 * is not UTF-8 or too long is yielded as an issue; memory stays within `maxLineBytes` and a chunk.
 *
 * @throws ValidationError when the file cannot be read or its gzip data is damaged; AbortError when `signal` fires.
 */
export async function* readLines(path: string, options: ReadOptions = {}): AsyncGenerator<TextLine, void, undefined> {
  const { signal, maxLineBytes = defaultMaxLineBytes } = options;
  AbortError.throwIfAborted(signal);
  const stream = await openText(path);
  const splitter = new LineSplitter(maxLineBytes);
  try {
    for await (const chunk of stream) {
      for (const line of splitter.push(chunk as Buffer)) {
        AbortError.throwIfAborted(signal);
        yield line;
      }
    }
    yield* splitter.end();
  } catch (error) {
    throw readError(path, error);
  } finally {
    stream.destroy();
  }
}

class LineSplitter {
  private line = 0;
  /** Pieces of the line being read; beyond the limit only its beginning. */
  private pieces: Buffer[] = [];
  private pieceBytes = 0;
  private tooLong = false;

  constructor(private readonly maxLineBytes: number) {}

  *push(chunk: Buffer): Generator<TextLine> {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      this.add(chunk.subarray(start, end));
      start = end + 1;
      yield this.take();
    }
    this.add(chunk.subarray(start));
  }

  *end(): Generator<TextLine> {
    if (this.pieceBytes > 0) yield this.take();
  }

  private add(piece: Buffer): void {
    if (piece.byteLength === 0) return;
    this.pieceBytes += piece.byteLength;
    if (this.tooLong) return;
    this.pieces.push(piece);
    if (this.pieceBytes > this.maxLineBytes) {
      this.tooLong = true;
      this.pieces = [Buffer.from(Buffer.concat(this.pieces).subarray(0, keptBytes))];
    }
  }

  private take(): TextLine {
    const { tooLong, pieceBytes } = this;
    let bytes = this.pieces.length === 1 ? this.pieces[0]! : Buffer.concat(this.pieces);
    this.pieces = [];
    this.pieceBytes = 0;
    this.tooLong = false;
    this.line++;
    if (this.line === 1) bytes = withoutByteOrderMark(bytes);
    if (tooLong) {
      const issue = `is ${pieceBytes} bytes long, at most ${this.maxLineBytes} are allowed; only its beginning is shown`;
      return { line: this.line, raw: bytes.toString('utf8'), issue };
    }
    if (bytes.at(-1) === carriageReturn) bytes = bytes.subarray(0, -1);
    const text = bytes.toString('utf8');
    return isUtf8(bytes)
      ? { line: this.line, text }
      : {
          line: this.line,
          raw: text,
          issue: `is not UTF-8 at byte ${firstBadByte(bytes) + 1}; save the file as UTF-8`,
        };
  }
}

function withoutByteOrderMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

/** Length of the longest prefix that is UTF-8, but for a character cut at its end. */
function firstBadByte(bytes: Buffer): number {
  let good = 0;
  let bad = bytes.byteLength;
  const decodes = (length: number): boolean => {
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, length), { stream: true });
      return true;
    } catch {
      return false;
    }
  };
  while (good < bad - 1) {
    const middle = (good + bad) >> 1;
    if (decodes(middle)) good = middle;
    else bad = middle;
  }
  return good;
}
