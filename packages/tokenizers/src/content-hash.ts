import { createHash } from 'node:crypto';

const versionDigits = 16;

/** SHA-256 over many small strings, fed in chunks; lengths go in first so that no two sequences read the same. */
export class ContentHash {
  readonly #hash = createHash('sha256');
  #chunk = '';

  add(surface: string, normalized: string, value: unknown): void {
    const json = JSON.stringify(value) ?? '';
    this.#chunk += `${surface.length}:${normalized.length}:${json.length}:${surface}${normalized}${json}`;
    if (this.#chunk.length > 1 << 16) this.#flush();
  }

  digest(): string {
    this.#flush();
    return this.#hash.digest('hex').slice(0, versionDigits);
  }

  #flush(): void {
    this.#hash.update(this.#chunk);
    this.#chunk = '';
  }
}
