import { parseArgs } from 'node:util';
import { ZooidError } from '@zooid/common';
import type { Benchmark, BenchmarkContext, BenchmarkReport, Measurement } from './benchmark.js';
import { describeMachine, type Machine } from './machine.js';
import { PeerMissingError } from './peer.js';
import { benchmarks } from './registry.js';

const usage = `Usage: npm run bench -- <name> [--json] [--python PATH] [--peer SCRIPT]
                               [--only NAMES] [--scale S] [--minutes M]
       npm run bench -- --list

  --json         print one JSON object {"name","ratio","target","ok","details"}
  --python PATH  interpreter that has the peer (default: python3, then /usr/bin/python3)
  --peer SCRIPT  time train-step against this script instead of our own peer (default: $ZOOID_PEER)
  --only NAMES   of faults: these scenarios alone, separated by commas
  --scale S      of faults: so much of all requests and times (default: 1)
  --minutes M    of soak: how long it lasts (default: 10)
  --list         name and describe the benchmarks

Exit status: 0 when the target is met, 1 when it is missed or could not be measured, 2 on a wrong command line.`;

/** Where a command writes: results to `out`, progress and complaints to `err`. */
export interface Streams {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
}

/** Runs `bench` with the given arguments and returns its exit status. */
export async function benchCommand(argv: string[], { out, err }: Streams): Promise<number> {
  let options: ReturnType<typeof parse>;
  try {
    options = parse(argv);
  } catch (error) {
    err(`${(error as Error).message}\n${usage}`);
    return 2;
  }
  const { values, positionals } = options;
  if (values.help) {
    out(usage);
    return 0;
  }
  if (values.list) {
    await list(values.json, out);
    return 0;
  }
  const [name, ...rest] = positionals;
  const load = name === undefined || rest.length > 0 ? undefined : benchmarks[name];
  if (load === undefined) {
    const complaint = name === undefined ? 'Name a benchmark' : `No benchmark is called '${positionals.join(' ')}'`;
    err(`${complaint}; there are: ${Object.keys(benchmarks).join(', ')}\n${usage}`);
    return 2;
  }
  const context: BenchmarkContext = {
    log: err,
    pythons: values.python === undefined ? ['python3', '/usr/bin/python3'] : [values.python],
    peerScript: values.peer ?? process.env.ZOOID_PEER,
    scale: values.scale,
    minutes: values.minutes,
    ...(values.only !== undefined && { only: values.only.split(',') }),
  };
  const report = await measure(await load(), context);
  out(values.json ? JSON.stringify(report) : summary(report));
  return report.ok ? 0 : 1;
}

function parse(argv: string[]) {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
      python: { type: 'string' },
      peer: { type: 'string' },
      only: { type: 'string' },
      scale: { type: 'string', default: '1' },
      minutes: { type: 'string', default: '10' },
    },
  });
  const positive = (name: 'scale' | 'minutes'): number => {
    const value = Number(values[name]);
    if (!(value > 0 && value < 10_000))
      throw new RangeError(`--${name} must be a number above 0, got '${values[name]}'`);
    return value;
  };
  return { values: { ...values, scale: positive('scale'), minutes: positive('minutes') }, positionals };
}

async function list(json: boolean, out: Streams['out']): Promise<void> {
  const all = await Promise.all(Object.values(benchmarks).map((load) => load()));
  if (json) out(JSON.stringify(all.map(({ name, description, target }) => ({ name, description, target }))));
  else for (const { name, description, target } of all) out(`${name.padEnd(16)} ${description} (target ≤ ${target})`);
}

async function measure(benchmark: Benchmark, context: BenchmarkContext): Promise<BenchmarkReport> {
  const measurement = await benchmark.run(context).catch(unmeasured);
  const details = {
    ...measurement.details,
    machine: describeMachine(),
    date: new Date().toISOString(),
    command: `npm run bench -- ${benchmark.name}`,
  };
  return { name: benchmark.name, ratio: measurement.ratio, target: benchmark.target, ok: measurement.ok, details };
}

/** A peer that is not there is a result of its own; everything else that goes wrong is a failure to show in full. */
function unmeasured(error: unknown): Measurement {
  if (error instanceof PeerMissingError) return { ratio: null, ok: false, details: { peer: error.message } };
  if (ZooidError.is(error)) return { ratio: null, ok: false, details: { error: `${error.code}: ${error.message}` } };
  throw error;
}

function summary({ name, ratio, target, ok, details: { table, machine, date, command, ...details } }: BenchmarkReport) {
  const verdict = ratio === null ? 'not measured' : `${ratio} (target ≤ ${target}): ${ok ? 'ok' : 'missed'}`;
  const { cpu, cores, memoryGiB, node, onnxruntime } = machine as Machine;
  return [
    `${name}: ${verdict}`,
    '',
    ...(Array.isArray(table) ? [...markdownTable(table), ''] : []),
    `${cpu}, ${cores} cores, ${memoryGiB} GiB, Node ${node}, onnxruntime ${onnxruntime}, ${date}, \`${command}\``,
    '',
    JSON.stringify(details, null, 2),
  ].join('\n');
}

/** Rows with equal keys as a Markdown table. */
function markdownTable(rows: readonly Readonly<Record<string, unknown>>[]): string[] {
  const columns = Object.keys(rows[0] ?? {});
  const line = (cells: readonly unknown[]): string => `| ${cells.join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map((row) => line(columns.map((key) => row[key])))];
}
