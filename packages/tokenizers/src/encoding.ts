/** One tokenized text or pair. Arrays run over tokens and have `length` entries (`offsets` twice as many). */
export interface Encoding {
  readonly ids: Int32Array;
  /** 0 for the first text, 1 for the second (as the tokenizer's template says). */
  readonly typeIds: Uint8Array;
  /**
   * `[start, end)` of each token in UTF-16 units of its own text, flattened to 2 per token. Tokens the template adds
   * are `[0, 0]`.
   */
  readonly offsets: Int32Array;
  /** 1 for tokens the template added (`[CLS]`, `[SEP]`), 0 for tokens of the text. */
  readonly specialMask: Uint8Array;
  /** Computed when first read. */
  readonly tokens: readonly string[];
  readonly length: number;
  /** The id that pads this encoding in a batch; 0 when absent. */
  readonly padId?: number;
}

/** The encoding a `Tokenizer` returns. */
export class TokenizedText implements Encoding {
  readonly #tokenOf: (id: number) => string;
  #tokens: readonly string[] | undefined;

  constructor(
    readonly ids: Int32Array,
    readonly typeIds: Uint8Array,
    readonly offsets: Int32Array,
    readonly specialMask: Uint8Array,
    readonly padId: number,
    tokenOf: (id: number) => string,
  ) {
    this.#tokenOf = tokenOf;
  }

  get length(): number {
    return this.ids.length;
  }

  get tokens(): readonly string[] {
    this.#tokens ??= Array.from(this.ids, (id) => this.#tokenOf(id));
    return this.#tokens;
  }
}
