import type { Turns } from '@zooid/data';
import { type Units, unitKind } from '../text/units.js';
import { chunksOf } from './chunks.js';
import type { Answer, FastSegmenter, Row } from './fast-segmenter.js';
import { takeScores } from './take-scores.js';

/** Units handed over together: enough for full batches on every core. */
const UNITS_PER_SUBMISSION = 8192;
const SUBMISSIONS_UNDER_WAY = 3;
/** Of looking up its rows, and of taking its scores. */
const MICROSECONDS_PER_UNIT = 0.1;

/** A text whose scores are on their way. */
interface Text {
  readonly units: Units;
  /** By granularity, `count × 4`. */
  readonly emissions: readonly Float32Array[];
  /** Rows without an answer. */
  open: number;
  readonly settle: (error?: unknown) => void;
}

interface Waiting extends Row {
  readonly text: Text;
}

/** Carries the texts of one request through the fast network, some thousand units at a time. */
export class ScoreQueue {
  private waiting: Waiting[] = [];
  private waitingUnits = 0;
  private readonly underway: Promise<void>[] = [];

  constructor(
    private readonly segmenter: Pick<FastSegmenter, 'granularities' | 'vocabulary' | 'reach' | 'rowUnits'>,
    private readonly wanted: readonly string[],
    private readonly answer: (rows: readonly Row[]) => Promise<readonly Answer[]>,
  ) {}

  /**
   * Adds a text; waits while enough is under way. Its scores come when all its rows were handed over, by what is added after
   * it or by `flush`.
   *
   * @returns scores by granularity, `count × 4`; those of white space are 0.
   */
  async add(units: Units, turns: Turns): Promise<{ readonly scored: Promise<readonly Float32Array[]> }> {
    const { vocabulary, rowUnits, reach } = this.segmenter;
    const emissions = this.wanted.map(() => new Float32Array(4 * units.count));
    let settle!: Text['settle'];
    const scored = new Promise<readonly Float32Array[]>((resolve, reject) => {
      settle = (error) => (error === undefined ? resolve(emissions) : reject(error));
    });
    scored.catch(() => {}); // it may fail before the caller gets to it
    const text: Text = { units, emissions, open: Math.ceil(units.count / rowUnits), settle };
    const rows = { characters: new Int32Array(units.count), pairs: new Int32Array(units.count) };
    let filled = 0;
    for (const chunk of chunksOf(units.count, rowUnits, reach)) {
      await turns.before(MICROSECONDS_PER_UNIT * (chunk.end - filled));
      vocabulary.fillRows(units, rows, filled, chunk.end);
      filled = chunk.end;
      this.waiting.push({ rows, chunk, text });
      this.waitingUnits += chunk.end - chunk.start;
      if (this.waitingUnits >= UNITS_PER_SUBMISSION) await this.submit();
    }
    if (text.open === 0) settle();
    return { scored };
  }

  /** Hands over what still waits. */
  async flush(): Promise<void> {
    if (this.waiting.length > 0) await this.submit();
  }

  private async submit(): Promise<void> {
    const rows = this.waiting;
    this.waiting = [];
    this.waitingUnits = 0;
    if (this.underway.length >= SUBMISSIONS_UNDER_WAY) await this.underway.shift();
    this.underway.push(
      this.answer(rows).then(
        (answers) => {
          for (const [i, row] of rows.entries()) this.take(row, answers[i]!);
        },
        (error) => {
          for (const { text } of rows) text.settle(error);
        },
      ),
    );
  }

  private take({ chunk, text }: Waiting, { scores, from }: Answer): void {
    const { granularities } = this.segmenter;
    const { emissions, units } = text;
    const range = { first: chunk.coreStart, end: chunk.coreEnd };
    for (const [i, name] of this.wanted.entries()) {
      const columns = { of: granularities.length, granularity: granularities.indexOf(name) };
      const target = emissions[i]!;
      takeScores(target, { scores, from: from + chunk.coreStart - chunk.start, columns }, range);
      for (let unit = range.first; unit < range.end; unit++) {
        if (units.kinds[unit] === unitKind.space) target.fill(0, 4 * unit, 4 * unit + 4);
      }
    }
    if (--text.open === 0) text.settle();
  }
}
