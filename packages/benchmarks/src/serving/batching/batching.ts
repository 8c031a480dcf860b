import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import backendOnnx from '@zooid/backend-onnx';
import type { BatchSettings } from '@zooid/batcher';
import { createKernel } from '@zooid/kernel';
import storeLocal from '@zooid/store-local';
import { Random } from '@zooid/tensor';
import type { Benchmark } from '../../benchmark.js';
import { median, rounded } from '../../statistics.js';
import { graphFiles, prepareClassifier } from '../load/prepare-classifier.js';
import { textOf } from '../load/random-classifier.js';
import { rawLoops } from '../load/raw-loops.js';
import { type ClosedLoopResult, closedLoop } from './batched-classifier.js';

const rounds = 3;
const seconds = 2;
const clientCounts = [1, 4, 32] as const;
const [shortest, longest] = [8, 64];

/** Answers a second, over those of one thread that runs one row at a time: at least. */
const wanted: Readonly<Record<keyof typeof graphFiles, Partial<Record<(typeof clientCounts)[number], number>>>> = {
  int8: { 1: 0.8, 32: 1.6 },
  fused: { 32: 2 },
};

/** The targets are for the first; the others show what a setting is worth. */
const contenders: Readonly<Record<string, BatchSettings>> = {
  default: {},
  'one ahead': { ahead: 1 },
  deterministic: { deterministic: true },
};

interface Cell extends ClosedLoopResult {
  readonly share: number;
}

/**
 * The batcher before a pool of workers, without HTTP, against onnxruntime alone on the same graph and texts: one thread, one
 * row a run. Texts have 8 to 64 tokens; every client sends its next one when the last is answered.
 */
export const batching: Benchmark = {
  name: 'batching',
  description: `wanted over reached: answers a second of the batcher for ${clientCounts.join(', ')} clients, over those of one thread with one row a run`,
  target: 1,
  async run({ log }) {
    const folder = await mkdtemp(join(tmpdir(), 'zooid-batching-'));
    try {
      await prepareClassifier(folder, 'mini');
      const random = new Random(7);
      // As many as the raw loops take as an argument.
      const texts = Array.from({ length: 150 }, () => textOf(shortest + random.int(longest - shortest + 1), random));
      const table: Record<string, unknown>[] = [];
      let ratio = 0;
      for (const variant of Object.keys(graphFiles) as (keyof typeof graphFiles)[]) {
        const cells = await measure(folder, variant, texts, log);
        for (const [name, of] of cells) {
          const share = median(of.map((cell) => cell.share));
          const [contender, clients] = name.split('/') as [string, string];
          const target =
            contender === Object.keys(contenders)[0] ? wanted[variant][Number(clients) as 1 | 4 | 32] : undefined;
          if (target !== undefined) ratio = Math.max(ratio, target / share);
          const middle = (pick: (cell: Cell) => number) => rounded(median(of.map(pick)), 3);
          table.push({
            model: variant === 'int8' ? 'mini int8' : 'mini float32',
            clients: Number(clients),
            settings: contender,
            share: rounded(share, 3),
            wanted: target ?? '',
            'answers/s': middle(({ perSecond }) => perSecond),
            'p50 ms': middle(({ p50Ms }) => p50Ms),
            'rows a pass': middle(({ rowsPerPass }) => rowsPerPass),
            'padded share': middle(({ paddedShare }) => paddedShare),
          });
        }
      }
      return {
        ratio: rounded(ratio),
        ok: ratio <= 1,
        details: { rounds, seconds, tokens: [shortest, longest], table },
      };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function measure(
  folder: string,
  variant: keyof typeof graphFiles,
  texts: readonly string[],
  log: (line: string) => void,
): Promise<Map<string, Cell[]>> {
  await using kernel = await createKernel({
    plugins: [storeLocal, backendOnnx],
    config: { root: folder, settings: { 'backend-onnx': { variants: [variant] } } },
  });
  const model = await kernel.models.get(folder);
  await closedLoop(model, texts, { clients: 8, seconds: 1, settings: {} });
  const cells = new Map<string, Cell[]>();
  for (let round = 1; round <= rounds; round++) {
    const raw = await rawLoops({ model: join(folder, 'onnx', graphFiles[variant]), texts, seconds }, 1);
    for (const clients of clientCounts) {
      for (const [name, settings] of Object.entries(contenders)) {
        const result = await closedLoop(model, texts, { clients, seconds, settings });
        const cell = { ...result, share: result.perSecond / raw.perSecond };
        const key = `${name}/${clients}`;
        cells.set(key, [...(cells.get(key) ?? []), cell]);
        log(
          `${variant} ${round}/${rounds}, ${clients} clients, ${name}: ${rounded(cell.share, 3)} of ${rounded(raw.perSecond, 4)}/s`,
        );
      }
    }
  }
  return cells;
}
