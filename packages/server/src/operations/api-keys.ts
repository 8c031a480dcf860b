import type { IncomingHttpHeaders } from 'node:http';
import { RequestError } from '../errors.js';
import { digestOf, matchesScrypt, parseScrypt, type ScryptHash, sameDigest } from './key-hash.js';
import type { ApiKeyConfig } from './settings.js';

/** Keys that passed scrypt are remembered by their digest, so that each pays once. */
const remembered = 1000;

/** scrypt runs that may wait; each takes some 100 ms of one thread, and anyone may cause it. */
const maxWaiting = 16;

/** Longer is no key of ours, and not worth hashing. */
const maxKeyLength = 512;

interface Slow {
  readonly key: ApiKeyConfig;
  readonly stored: ScryptHash;
}

/** Tells whose key a request carries, comparing hashes in constant time. */
export class ApiKeys {
  private readonly fast: readonly { readonly key: ApiKeyConfig; readonly digest: Buffer }[];
  private readonly slow: readonly Slow[];
  private readonly known = new Map<string, ApiKeyConfig>();
  private waiting = 0;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(readonly configured: readonly ApiKeyConfig[]) {
    const isFast = ({ hash }: ApiKeyConfig) => hash.startsWith('sha256:');
    this.fast = configured
      .filter(isFast)
      .map((key) => ({ key, digest: Buffer.from(key.hash.slice('sha256:'.length), 'hex') }));
    this.slow = configured.filter((key) => !isFast(key)).map((key) => ({ key, stored: parseScrypt(key.hash) }));
  }

  /**
   * Whose key it is. Synchronous unless scrypt has to be asked.
   *
   * @throws RequestError `UNAUTHENTICATED` when it is nobody's; `OVERLOADED` when too many unknown keys wait for scrypt.
   */
  identify(presented: string | undefined): ApiKeyConfig | Promise<ApiKeyConfig> {
    if (presented === undefined) {
      throw refusal('This server wants an API key: send Authorization: Bearer KEY, or X-API-Key: KEY');
    }
    if (presented.length > maxKeyLength) throw unknownKey();
    const digest = digestOf(presented);
    let found: ApiKeyConfig | undefined;
    // All are compared, so that the time does not tell which one it was.
    for (const { key, digest: stored } of this.fast) if (sameDigest(digest, stored)) found ??= key;
    found ??= this.known.get(digest.toString('base64'));
    if (found !== undefined) return found;
    if (this.slow.length === 0) throw unknownKey();
    return this.askScrypt(presented, digest);
  }

  private async askScrypt(presented: string, digest: Buffer): Promise<ApiKeyConfig> {
    if (this.waiting >= maxWaiting) {
      throw new RequestError('OVERLOADED', 'Too many keys wait to be checked; try again shortly', {
        'retry-after': '1',
      });
    }
    this.waiting++;
    const mine = this.turn.then(() => this.search(presented));
    this.turn = mine.catch(() => {}); // one at a time: the thread pool has other work
    try {
      const found = await mine;
      if (found === undefined) throw unknownKey();
      if (this.known.size >= remembered)
        for (const oldest of [...this.known.keys()].slice(0, 1)) this.known.delete(oldest);
      this.known.set(digest.toString('base64'), found);
      return found;
    } finally {
      this.waiting--;
    }
  }

  private async search(presented: string): Promise<ApiKeyConfig | undefined> {
    for (const { key, stored } of this.slow) if (await matchesScrypt(presented, stored)) return key;
    return undefined;
  }
}

/** The key of a request: `Authorization: Bearer KEY`, as OpenAI's and Hugging Face's clients send it, or `X-API-Key`. */
export function presentedKey({ authorization, 'x-api-key': apiKey }: IncomingHttpHeaders): string | undefined {
  const [, bearer] = /^Bearer +([^\s]+) *$/i.exec(authorization ?? '') ?? [];
  return bearer ?? (typeof apiKey === 'string' && apiKey !== '' ? apiKey : undefined);
}

const unknownKey = () => refusal('The API key is not one of those this server knows');

function refusal(message: string): RequestError {
  return new RequestError('UNAUTHENTICATED', message, { 'www-authenticate': 'Bearer realm="zooid"' });
}
