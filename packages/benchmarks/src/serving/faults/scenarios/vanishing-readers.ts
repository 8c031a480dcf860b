import { readdir } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServedProgram } from '../../program/served-program.js';
import { faultTexts } from '../fault-model.js';
import { answers, eventually, faultsIn, loadOn, modelName, startFaultServer } from '../fault-server.js';
import { Findings, reportOf, type Scenario } from '../scenario.js';

const rounds = 3;
/**
 * MiB of heap. Without a limit V8 keeps what readers have left until it feels like collecting it; with one, what stays resident
 * is what somebody still holds.
 */
const heapMiB = 96;
/** Time in which an idle server gives back what it no longer needs. */
const restMs = 10_000;

/** One who asks for events: its connection, and whether the first event has come. */
interface Reader {
  readonly socket: Socket;
  hasBegun: boolean;
  status: string;
}

/** @param isDeaf Whether it reads nothing after it has asked. */
function reader({ url }: ServedProgram, body: string, isDeaf: boolean): Reader {
  const { hostname: host, port } = new URL(url);
  const socket = connect({ host, port: Number(port) });
  const made: Reader = { socket, hasBegun: false, status: '' };
  socket.on('error', () => {});
  const head = `POST /v1/apps/${modelName} HTTP/1.1\r\nhost: a\r\naccept: text/event-stream\r\n`;
  socket.write(`${head}content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  if (isDeaf) socket.pause();
  else {
    socket.on('data', (chunk: Buffer) => {
      const text = chunk.toString();
      made.status ||= /^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? '';
      made.hasBegun ||= text.includes('event: output');
    });
  }
  return made;
}

/** Files, sockets and pipes that the server has open. */
const openFiles = async ({ pid }: ServedProgram): Promise<number> => (await readdir(`/proc/${pid}/fd`)).length;

export const vanishingReaders: Scenario = {
  name: 'vanishing-readers',
  description:
    '1,000 concurrent readers of events that vanish, a third of them deaf: their work ends, nothing of them stays',
  async run(context) {
    const findings = new Findings();
    await using server = await startFaultServer(context, {
      server: { maxConcurrent: 2000 },
      environment: { NODE_OPTIONS: `--max-old-space-size=${heapMiB}` },
      config: { batching: { maxQueuedRows: 100_000, maxQueuedTokens: 10_000_000 } },
    });
    const load = loadOn(server, 2);
    const count = Math.max(60, Math.round(1000 * context.scale));
    const body = JSON.stringify({ inputs: faultTexts(16) });
    let begun = 0;
    const crowd = async () => {
      const readers = Array.from({ length: count }, (_, i) => reader(server, body, i % 3 === 2));
      const listening = readers.filter((_, i) => i % 3 === 0);
      await eventually(() => listening.every(({ hasBegun }) => hasBegun), 20_000);
      begun += readers.filter(({ hasBegun }) => hasBegun).length;
      const refused = readers.find(({ status }) => status !== '' && status !== '200');
      findings.expect(refused === undefined, `a reader was refused with ${refused?.status}`);
      for (const { socket } of readers) socket.resetAndDestroy();
    };
    // The first crowd brings the heap to the size that a thousand streams need.
    await crowd();
    await sleep(restMs);
    const start = server.rssMiB;
    const files = await openFiles(server);
    for (let round = 1; round < rounds; round++) await crowd();
    findings.expect(begun > 0, 'no reader had an event before it vanished');
    const outcomes = await load.stop();
    findings.expectNothingLost(outcomes);
    const isIdle = await eventually(
      async () =>
        (await server.metric('zooid_requests_running')) === 0 &&
        (await server.metric('zooid_requests_queued')) === 0 &&
        (await server.metric('zooid_http_requests_in_flight')) <= 1,
    );
    findings.expect(isIdle, 'work of readers that are gone went on for 30 s');
    const closed = await eventually(async () => (await openFiles(server)) <= files + 20);
    findings.expect(closed, `${await openFiles(server)} files are open, ${files} were`);
    findings.expect(await answers(server), 'the server did not answer afterwards');
    await sleep(restMs);
    const end = server.rssMiB;
    findings.expectMemory(context, { start, end }, 1.15);
    for (const fault of faultsIn(server.log)) findings.expect(false, fault);
    findings.expect((await server.stop()) === 0, 'the server did not end with status 0');
    const sent = outcomes.sent + rounds * count;
    const note = `${rounds} × ${count} readers, ${begun} of whom had events`;
    return reportOf({ ...outcomes, sent }, { start, end }, findings, note);
  },
};
