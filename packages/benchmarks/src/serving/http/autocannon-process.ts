import { createRequire } from 'node:module';
import type { Load } from './load-tool.js';

interface Request {
  readonly method: 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The part of autocannon that is used; the package has no types. */
type Autocannon = (options: {
  readonly url: string;
  readonly connections: number;
  readonly duration: number;
  readonly requests: readonly Request[];
}) => Promise<unknown>;

/** autocannon in a process of its own: `autocannon-process.js LOAD` prints its report. */
const autocannon = createRequire(import.meta.url)('autocannon') as Autocannon;
const { url, headers, bodies, connections, seconds } = JSON.parse(process.argv[2]!) as Load;
const requests = bodies.map((body) => ({ method: 'POST', headers, body }) as const);
console.log(JSON.stringify(await autocannon({ url, connections, duration: seconds, requests })));
