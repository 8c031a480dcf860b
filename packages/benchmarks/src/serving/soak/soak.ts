import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '@zooid/tensor';
import type { Benchmark } from '../../benchmark.js';
import { median, rounded } from '../../statistics.js';
import type { LoadRequest } from '../client/load-client.js';
import { lost, type Outcomes } from '../client/outcomes.js';
import { startLoad } from '../client/start-load.js';
import { prepareClassifier } from '../load/prepare-classifier.js';
import { textOf } from '../load/random-classifier.js';
import { ServedProgram } from '../program/served-program.js';
import { bySecond, quantile } from './latencies.js';
import { type Lag, type Sample, watch } from './watch.js';

const name = 'mini';
const connections = 32;
const capacitySeconds = 20;
/** Part of the capacity that is asked for. */
const share = 0.8;
const reloadEverySeconds = 10;
/** From here on memory must be flat. */
const settledSeconds = 60;
const maxGrowth = 1.1;
const maxLagMs = 15;

/**
 * A server at four fifths of what it can do, in an open loop: requests come when they come, however long earlier ones take.
 * Meanwhile its model is replaced every ten seconds.
 */
export const soak: Benchmark = {
  name: 'soak',
  description: `${100 * share} % of the capacity for minutes, with reloads: the worst of growth of memory over ${maxGrowth}, event-loop lag p99 over ${maxLagMs} ms, and any error`,
  target: 1,
  async run({ log, minutes = 10 }) {
    const folder = await mkdtemp(join(tmpdir(), 'zooid-soak-'));
    try {
      const model = join(folder, name);
      await prepareClassifier(model, name);
      await using server = await ServedProgram.start({
        config: {
          plugins: ['store-local', 'backend-onnx', 'app-text-classification'],
          endpoints: { [name]: model },
          settings: { 'backend-onnx': { variants: ['int8'] } },
          server: { log: { access: false }, manage: true },
        },
      });
      const requests = mixedRequests();
      await closedLoop(server, requests, Math.min(5, capacitySeconds * minutes));
      const capacity = await closedLoop(server, requests, Math.max(3, Math.min(capacitySeconds, 10 * minutes)));
      const rate = share * capacity;
      log(`capacity ${capacity.toFixed(0)}/s; ${minutes} minutes at ${rate.toFixed(0)}/s`);
      const seconds = Math.max(10, Math.round(60 * minutes));
      const load = startLoad({ url: server.url, requests, connections: 1024, rate });
      const reloading = reloads(server, model, seconds);
      const { samples, lag } = await watch(server, seconds, (sample) => {
        if (sample.second % 10 === 0) log(JSON.stringify(sample, shortNumbers));
      });
      const reloaded = await reloading;
      await sleep(1000); // the last version answers as well
      const outcomes = await load.stop();
      const status = await server.stop();
      return report({ outcomes, samples, lag, capacity, rate, reloaded, status });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** Texts of 8 to 64 tokens, most of them short, and one of 256 in twenty. */
function mixedRequests(): LoadRequest[] {
  const random = new Random(23);
  return Array.from({ length: 400 }, (_, i) => {
    const tokens = i % 20 === 0 ? 256 : 8 + Math.floor(57 * random.uniform() ** 2);
    return { path: `/v1/apps/${name}`, body: JSON.stringify({ inputs: textOf(tokens, random) }) };
  });
}

/** Requests answered a second. */
async function closedLoop({ url }: ServedProgram, requests: readonly LoadRequest[], seconds: number): Promise<number> {
  const began = performance.now();
  const load = startLoad({ url, requests, connections });
  await sleep(1000 * seconds);
  const { answered } = await load.stop();
  return (1000 * answered) / (performance.now() - began);
}

/** Gives the model another revision every ten seconds and has it loaded. @returns how many times that succeeded. */
async function reloads({ url }: ServedProgram, model: string, seconds: number): Promise<{ due: number; done: number }> {
  const due = Math.floor((seconds - 1) / reloadEverySeconds);
  const began = performance.now();
  let done = 0;
  for (let i = 1; i <= due; i++) {
    await sleep(Math.max(0, began + 1000 * reloadEverySeconds * i - performance.now()));
    // A file that counts for the revision and for nothing else; it appears in one go.
    const draft = join(model, '..', 'draft');
    await writeFile(draft, JSON.stringify({ tokenizer_class: 'BertTokenizer', reload: i }));
    await rename(draft, join(model, 'tokenizer_config.json'));
    const reply = await fetch(`${url}/v2/repository/models/${name}/load`, { method: 'POST' });
    await reply.arrayBuffer();
    if (reply.ok) done++;
  }
  return { due, done };
}

interface Measured {
  readonly outcomes: Outcomes;
  readonly samples: readonly Sample[];
  readonly lag: Lag;
  readonly capacity: number;
  readonly rate: number;
  readonly reloaded: { readonly due: number; readonly done: number };
  readonly status: number | string;
}

function report({ outcomes, samples, lag, capacity, rate, reloaded, status }: Measured) {
  const levels = memoryLevels(samples);
  const growth = Math.max(...levels) / levels[0]!;
  const failed = lost(outcomes);
  const versions = Object.keys(outcomes.models).length;
  const isWhole = failed === 0 && status === 0 && reloaded.done === reloaded.due && versions === reloaded.due + 1;
  const ratio = Math.max(growth / maxGrowth, lag.p99Ms / maxLagMs, isWhole ? 0 : Number.POSITIVE_INFINITY);
  const latencies = outcomes.times.filter((_, i) => i % 2 === 1).sort();
  const { sent, answered, refused, errors, examples } = outcomes;
  return {
    ratio: Number.isFinite(ratio) ? rounded(ratio) : null,
    ok: ratio <= 1,
    details: {
      table: tableOf(samples, bySecond(outcomes.times)),
      capacityPerSecond: rounded(capacity),
      ratePerSecond: rounded(rate),
      sent,
      answered,
      refused,
      errors,
      examples,
      reloads: reloaded,
      versionsThatAnswered: versions,
      exitStatus: status,
      p50Ms: rounded(quantile(latencies, 0.5)),
      p99Ms: rounded(quantile(latencies, 0.99)),
      maxMs: rounded(latencies.at(-1) ?? 0),
      eventLoopLag: { p50Ms: rounded(lag.p50Ms), p99Ms: rounded(lag.p99Ms), maxMs: rounded(lag.maxMs) },
      rssMiB: {
        medians: levels,
        growth: rounded(growth),
        largest: Math.max(...samples.map(({ rssMiB }) => rssMiB)),
      },
    },
  };
}

/**
 * Median of the resident memory in each minute after the first, or in each sixth of what is left of a shorter run. A second alone
 * says little: while a model is replaced, two of its versions are in memory.
 */
function memoryLevels(samples: readonly Sample[]): number[] {
  const settled = samples.slice(Math.min(settledSeconds, samples.length >> 1));
  const step = Math.min(60, Math.ceil(settled.length / 6));
  const windows = Array.from({ length: Math.floor(settled.length / step) }, (_, i) =>
    settled.slice(i * step, (i + 1) * step),
  );
  return windows.map((window) => median(window.map(({ rssMiB }) => rssMiB)));
}

/** Some twenty rows, whatever the time. */
function tableOf(samples: readonly Sample[], seconds: readonly Float64Array[]) {
  const step = Math.max(1, Math.ceil(samples.length / 20));
  return Array.from({ length: Math.ceil(samples.length / step) }, (_, row) => {
    const of = samples.slice(row * step, (row + 1) * step);
    const latencies = Float64Array.from(
      seconds.slice(row * step, (row + 1) * step).flatMap((each) => [...each]),
    ).sort();
    return {
      'until s': of.at(-1)!.second,
      'answers/s': rounded(latencies.length / of.length, 3),
      'p50 ms': rounded(quantile(latencies, 0.5), 3),
      'p99 ms': rounded(quantile(latencies, 0.99), 3),
      'RSS MiB': rounded(Math.max(...of.map(({ rssMiB }) => rssMiB))),
    };
  });
}

const shortNumbers = (_: string, value: unknown) => (typeof value === 'number' ? rounded(value) : value);
