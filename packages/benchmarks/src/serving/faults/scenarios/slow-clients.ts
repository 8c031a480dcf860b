import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { answers, eventually, faultsIn, loadOn, modelName, startFaultServer } from '../fault-server.js';
import { Findings, reportOf, type Scenario } from '../scenario.js';

/** How long a request may take to arrive. */
const requestTimeoutMs = 2000;
/** Until the server has noticed: it looks every so often, and the machine is busy. */
const graceMs = 10_000;

/** Sends its head, or its body, a byte at a time and never comes to an end. */
function drip(host: string, port: number, begin: string): Socket {
  const socket = connect({ host, port }, () => socket.write(begin));
  socket.on('error', () => {});
  socket.resume();
  const timer = setInterval(() => socket.write('a'), 250);
  socket.on('close', () => clearInterval(timer));
  return socket;
}

/** Asks for large replies over and over and reads none of them. */
function deaf(host: string, port: number): Socket {
  const socket = connect({ host, port });
  socket.pause();
  socket.on('error', () => {});
  socket.write('GET /openapi.json HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(2000));
  return socket;
}

export const slowClients: Scenario = {
  name: 'slow-clients',
  description:
    'heads and bodies of four bytes a second and callers that never read: others are served, and the slow are cut off',
  async run(context) {
    const findings = new Findings();
    await using server = await startFaultServer(context, { server: { requestTimeoutMs, deadlineMs: 4000 } });
    const { hostname: host, port: text } = new URL(server.url);
    const port = Number(text);
    const load = loadOn(server, 8);
    await sleep(2000);
    const start = server.rssMiB;
    const many = Math.max(20, Math.round(200 * context.scale));
    const each = (make: () => Socket) => Array.from({ length: many }, make);
    const head = `POST /v1/apps/${modelName} HTTP/1.1\r\nhost: a\r\n`;
    const slow = [
      ...each(() => drip(host, port, `${head}x-slow: `)),
      ...each(() =>
        drip(host, port, `${head}content-type: application/json\r\ncontent-length: 1000000\r\n\r\n{"inputs":"`),
      ),
      ...each(() =>
        drip(
          host,
          port,
          `${head}content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nfffff\r\n{"inputs":"`,
        ),
      ),
    ];
    const unread = Array.from({ length: Math.max(5, many / 10) }, () => deaf(host, port));
    const began = performance.now();
    const cut = await eventually(() => slow.every(({ closed }) => closed), requestTimeoutMs + graceMs);
    const seconds = (performance.now() - began) / 1000;
    findings.expect(
      cut,
      `${slow.filter(({ closed }) => !closed).length} of ${slow.length} slow callers were not cut off within ${seconds.toFixed(0)} s`,
    );
    const during = server.rssMiB;
    findings.expect(during <= start + 150, `slow callers took memory: ${start} to ${during} MiB`);
    for (const socket of [...slow, ...unread]) socket.destroy();
    await sleep(2000 + 3000 * context.scale);
    const outcomes = await load.stop();
    findings.expectNothingLost(outcomes);
    findings.expect(await answers(server), 'the server did not answer afterwards');
    for (const fault of faultsIn(server.log)) findings.expect(false, fault);
    findings.expect((await server.stop()) === 0, 'the server did not end with status 0');
    const note = `${slow.length} slow callers cut off after ${seconds.toFixed(1)} s, ${unread.length} that do not read`;
    return reportOf(outcomes, { start, end: during }, findings, note);
  },
};
