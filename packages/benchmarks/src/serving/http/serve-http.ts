import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Benchmark } from '../../benchmark.js';
import { median, rounded } from '../../statistics.js';
import { findLoadTool, type LoadTool } from './load-tool.js';
import { trivialRequest, type VariantName, variants } from './variants.js';

const connections = 32;
const warmUpSeconds = 3;
const seconds = 4;
const rounds = 5;

/** Requests a second must be at least this much of Fastify's. */
const wanted = 0.85;

interface Round {
  readonly perSecond: number;
  readonly cpuMicroseconds: number;
}

/** Rounds alternate between the servers, so that what else the machine does meets all of them alike. */
export const serveHttp: Benchmark = {
  name: 'serve-http',
  description: `a trivial JSON route with validation on ${connections} connections: requests a second of Fastify with a schema over those of the whole server`,
  target: rounded(1 / wanted),
  async run({ log }) {
    const tool = await findLoadTool();
    const names = Object.keys(variants) as VariantName[];
    const servers = await Promise.all(names.map((name) => ServerProcess.start(name)));
    try {
      for (const server of servers) await server.load(tool, warmUpSeconds);
      const measured = new Map<VariantName, Round[]>(names.map((name) => [name, []]));
      for (let round = 0; round < rounds; round++) {
        for (const server of servers) {
          const result = await server.load(tool, seconds);
          measured.get(server.name)!.push(result);
          log(`${server.name}: ${Math.round(result.perSecond)}/s, ${result.cpuMicroseconds.toFixed(1)} µs`);
        }
      }
      return summary(measured, tool.name);
    } finally {
      for (const server of servers) server.end();
    }
  },
};

function summary(measured: ReadonlyMap<VariantName, readonly Round[]>, tool: LoadTool['name']) {
  const of = (name: VariantName, pick: (round: Round) => number) => measured.get(name)!.map(pick);
  const fastify = of('fastify', ({ perSecond }) => perSecond);
  const ratioTo = (name: VariantName) =>
    median(of(name, ({ perSecond }) => perSecond).map((own, i) => fastify[i]! / own));
  const table = [...measured.keys()].map((server) => ({
    server,
    'requests/s': Math.round(median(of(server, ({ perSecond }) => perSecond))),
    'of Fastify': rounded(1 / ratioTo(server), 3),
    'CPU µs/request': rounded(median(of(server, ({ cpuMicroseconds }) => cpuMicroseconds)), 3),
  }));
  const ratio = rounded(ratioTo('zooid'));
  return { ratio, ok: ratio <= 1 / wanted, details: { tool, connections, seconds, rounds, table } };
}

/** One variant, and the load put on it. */
class ServerProcess {
  private constructor(
    readonly name: VariantName,
    private readonly child: ChildProcess,
    private readonly url: string,
  ) {}

  static async start(name: VariantName): Promise<ServerProcess> {
    const child = fork(new URL('./server-process.js', import.meta.url), [name]);
    const [url] = (await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([status]) => {
        throw new Error(`the server '${name}' ended with status ${status} before it listened`);
      }),
    ])) as [string];
    return new ServerProcess(name, child, url);
  }

  async load(tool: LoadTool, seconds: number): Promise<Round> {
    const before = await this.cpuMicroseconds();
    const { path, key, body } = trivialRequest;
    const headers = { 'content-type': 'application/json', 'x-api-key': key };
    const { requests, perSecond } = await tool.run({
      url: this.url + path,
      headers,
      bodies: [body],
      connections,
      seconds,
    });
    return { perSecond, cpuMicroseconds: ((await this.cpuMicroseconds()) - before) / requests };
  }

  end(): void {
    this.child.disconnect();
  }

  private async cpuMicroseconds(): Promise<number> {
    const answer = once(this.child, 'message');
    this.child.send('cpu');
    const [used] = (await answer) as [number];
    return used;
  }
}
