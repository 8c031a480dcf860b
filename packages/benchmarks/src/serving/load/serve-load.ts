import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Random } from '@zooid/tensor';
import type { Benchmark } from '../../benchmark.js';
import { median, rounded } from '../../statistics.js';
import { findLoadTool, type LoadTool } from '../http/load-tool.js';
import { ServedProgram } from '../program/served-program.js';
import { graphFiles, prepareClassifier } from './prepare-classifier.js';
import { sizes, textOf } from './random-classifier.js';
import { rawLoops } from './raw-loops.js';

const connections = 32;
const rounds = 3;
const seconds = 5;
/** Tokens of the texts that are sent in turn. */
const lengths = [26, 15, 43];
/** One connection may be this much slower than onnxruntime alone. */
const extraMs = 0.5;

interface Case {
  readonly name: string;
  readonly size: keyof typeof sizes;
  readonly variant: 'fused' | 'int8';
  /** Processes of the raw loop that throughput is compared with. */
  readonly loops: 1 | 2;
  /** Requests a second over those of the raw loops: at least. */
  readonly wanted: number;
}

const cases: readonly Case[] = [
  { name: 'mini int8', size: 'mini', variant: 'int8', loops: 2, wanted: 0.9 },
  { name: 'mini float32', size: 'mini', variant: 'fused', loops: 2, wanted: 1.35 },
  { name: 'base int8', size: 'base', variant: 'int8', loops: 1, wanted: 2.2 },
];

interface Round {
  /** Runs a second of onnxruntime alone on the whole graph, and on the graph that is served. */
  readonly raw: number;
  readonly rawServed: number;
  readonly served: number;
  readonly p99Ms: number;
  /** Milliseconds of one run of the graph that is served. */
  readonly rawP50Ms: number;
  readonly aloneP50Ms: number;
}

/**
 * A classifier served by `zooid serve`, against onnxruntime alone, one thread and one row a run: on the graph that exporters
 * write, which computes the last layer for every token, fused and quantised as the served one is; and on the served graph
 * itself, which computes what the answer needs. Rounds alternate; the load generator shares the cores with the server, and
 * is counted against it.
 */
export const serveLoad: Benchmark = {
  name: 'serve-load',
  description: `wanted over reached: requests a second on ${connections} connections as a share of onnxruntime's own on the graph of other exporters, and p50 on one connection over that of the served graph`,
  target: 1,
  async run({ log }) {
    const tool = await findLoadTool();
    const folder = await mkdtemp(join(tmpdir(), 'zooid-load-'));
    try {
      const table = [];
      const details: Record<string, readonly Round[]> = {};
      for (const name of Object.keys(sizes) as (keyof typeof sizes)[]) {
        await prepareClassifier(join(folder, name), name);
        await prepareClassifier(wholeGraph(join(folder, name)), name, { states: true });
      }
      for (const each of cases) {
        const measured = await measure(each, join(folder, each.size), tool, log);
        details[each.name] = measured;
        const of = (pick: (round: Round) => number) => median(measured.map(pick));
        table.push({
          model: each.name,
          'raw loops': each.loops,
          'raw/s': rounded(of(({ raw }) => raw)),
          'served/s': rounded(of(({ served }) => served)),
          share: rounded(
            of(({ raw, served }) => served / raw),
            3,
          ),
          wanted: each.wanted,
          'raw/s, served graph': rounded(of(({ rawServed }) => rawServed)),
          'share of it': rounded(
            of(({ rawServed, served }) => served / rawServed),
            3,
          ),
          'p99 ms': rounded(
            of(({ p99Ms }) => p99Ms),
            3,
          ),
          'raw p50 ms': rounded(
            of(({ rawP50Ms }) => rawP50Ms),
            3,
          ),
          'p50 ms, 1 connection': rounded(
            of(({ aloneP50Ms }) => aloneP50Ms),
            3,
          ),
          'over raw': rounded(
            of(({ rawP50Ms, aloneP50Ms }) => aloneP50Ms - rawP50Ms),
            3,
          ),
        });
      }
      const ratio = Math.max(...table.flatMap((row) => [row.wanted / row.share, row['over raw'] / extraMs]));
      return {
        ratio: rounded(ratio),
        ok: ratio <= 1,
        details: { tool: tool.name, seconds, rounds, lengths, table, details },
      };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** The folder of the model whose graph computes all states. */
const wholeGraph = (folder: string): string => `${folder}-whole`;

async function measure(each: Case, folder: string, tool: LoadTool, log: (line: string) => void): Promise<Round[]> {
  const random = new Random(7);
  const texts = lengths.map((length) => textOf(length, random));
  const name = basename(folder);
  await using server = await ServedProgram.start({
    config: {
      endpoints: { [name]: folder },
      settings: { 'backend-onnx': { variants: [each.variant] } },
      server: { log: { access: false } },
    },
  });
  const load = (clients: number, time: number) =>
    tool.run({
      url: `${server.url}/v1/apps/${name}`,
      headers: { 'content-type': 'application/json' },
      bodies: texts.map((text) => JSON.stringify({ inputs: text })),
      connections: clients,
      seconds: time,
    });
  await load(connections, 2);
  const result: Round[] = [];
  for (let round = 1; round <= rounds; round++) {
    const request = (of: string) => ({ model: join(of, 'onnx', graphFiles[each.variant]), texts, seconds });
    const single = await rawLoops(request(folder), 1);
    const rawServed = each.loops === 1 ? single : await rawLoops(request(folder), each.loops);
    const raw = await rawLoops(request(wholeGraph(folder)), each.loops);
    const served = await load(connections, seconds);
    const alone = await load(1, seconds);
    const row = {
      raw: raw.perSecond,
      rawServed: rawServed.perSecond,
      served: served.perSecond,
      p99Ms: served.p99Ms,
      rawP50Ms: single.p50Ms,
      aloneP50Ms: alone.p50Ms,
    };
    log(
      `${each.name} ${round}/${rounds}: ${JSON.stringify(row, (_, value) => (typeof value === 'number' ? rounded(value) : value))}`,
    );
    result.push(row);
  }
  return result;
}
