/** `expected.json` beside a recipe: what a full run must reach, and a run of under a minute that shows it works. */
export interface Expectations {
  readonly metric: string;
  readonly split: 'validation' | 'test';
  /** Lowest and highest value of a full run, in [0, 1]. */
  readonly band: readonly [number, number];
  /** A full run on the machine of the README's table. */
  readonly seconds: number;
  readonly smoke: { readonly set: readonly string[]; readonly atLeast: number; readonly seconds: number };
}
