import { connect } from 'node:net';

/** One reply, as it came over the wire. */
export interface RawReply {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export interface RawExchange {
  /** Complete ones, in order. */
  readonly replies: readonly RawReply[];
  /** Bytes behind the last complete reply. */
  readonly rest: number;
  /** `left`: we went first, by plan; `silent`: nothing came for too long. */
  readonly end: 'answered' | 'closed' | 'reset' | 'left' | 'silent';
}

export interface RawOptions {
  readonly host: string;
  readonly port: number;
  /** Replies after which the connection is not needed any more. */
  readonly replies: number;
  /** Whether the replies have no bodies, as those to HEAD. */
  readonly bodiless?: boolean;
  /** Leaves, without a word, so many milliseconds after everything is sent. */
  readonly leaveAfterMs?: number;
  /** Reads nothing. */
  readonly deaf?: boolean;
}

const patienceMs = 30_000;

/** Writes bytes to a connection of their own, and reads what comes back. Never rejects. */
export function rawExchange(
  payload: Uint8Array,
  { host, port, replies: wanted, bodiless = false, leaveAfterMs, deaf = false }: RawOptions,
): Promise<RawExchange> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, noDelay: true });
    let received = Buffer.alloc(0);
    let settled = false;
    const settle = (end: RawExchange['end']) => {
      if (settled) return;
      settled = true;
      clearTimeout(silence);
      socket.destroy();
      const { replies, rest } = parseReplies(received, bodiless);
      resolve({ replies, rest, end });
    };
    const silence = setTimeout(() => settle('silent'), patienceMs);
    socket.on('error', () => settle('reset'));
    socket.on('close', () => settle('closed'));
    if (!deaf) {
      socket.on('data', (chunk: Buffer) => {
        received = Buffer.concat([received, chunk]);
        if (parseReplies(received, bodiless).replies.length >= wanted) settle('answered');
      });
    }
    socket.write(payload, () => {
      if (leaveAfterMs !== undefined) setTimeout(() => settle('left'), leaveAfterMs);
    });
  });
}

/** Every complete reply at the start of `bytes`. */
export function parseReplies(bytes: Buffer, bodiless = false): { readonly replies: RawReply[]; readonly rest: number } {
  const replies: RawReply[] = [];
  let at = 0;
  for (;;) {
    const headEnd = bytes.indexOf('\r\n\r\n', at);
    if (headEnd < 0) break;
    const [first = '', ...lines] = bytes.toString('latin1', at, headEnd).split('\r\n');
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1] ?? Number.NaN);
    const headers = new Map(
      lines.map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
      }),
    );
    const body = readBody(bytes, headEnd + 4, headers, bodiless || status < 200 || status === 204 || status === 304);
    if (body === undefined) break;
    at = body.end;
    // 100 Continue announces a reply; it is none.
    if (status >= 200 || Number.isNaN(status)) replies.push({ status, headers, body: body.text });
  }
  return { replies, rest: bytes.length - at };
}

function readBody(
  bytes: Buffer,
  start: number,
  headers: ReadonlyMap<string, string>,
  bodiless: boolean,
): { readonly text: string; readonly end: number } | undefined {
  if (bodiless) return { text: '', end: start };
  if (headers.get('transfer-encoding')?.toLowerCase() === 'chunked') return readChunks(bytes, start);
  // Only the parser's own refusals come without a length; the connection ends behind them.
  const end = start + Number(headers.get('content-length') ?? 0);
  return end > bytes.length ? undefined : { text: bytes.toString('utf8', start, end), end };
}

function readChunks(bytes: Buffer, start: number): { readonly text: string; readonly end: number } | undefined {
  const parts: Buffer[] = [];
  for (let at = start; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    const next = lineEnd + 2 + size + 2;
    if (next > bytes.length) return undefined;
    if (size === 0) return { text: Buffer.concat(parts).toString(), end: next };
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = next;
  }
}
