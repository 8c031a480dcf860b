import { json, type Route, type Schema } from './route.js';

/** Where the server stands between start and exit. */
export type ServerState = 'starting' | 'ready' | 'draining';

const statusSchema: Schema = { type: 'object', required: ['status'], properties: { status: { type: 'string' } } };

/** Probes as orchestrators ask them: is the process alive, has it started, may it get traffic. */
export function probeRoutes(state: () => ServerState): Route[] {
  const probe = (path: string, id: string, summary: string, passes: (state: ServerState) => boolean): Route => ({
    method: 'GET',
    path,
    id,
    summary,
    always: true,
    open: true,
    successes: [
      { status: 200, description: 'Yes', type: 'application/json', schema: statusSchema },
      { status: 503, description: 'No', type: 'application/json', schema: statusSchema },
    ],
    problems: [],
    handle: () => json(passes(state()) ? 200 : 503, { status: state() }),
  });
  return [
    probe('/livez', 'isAlive', 'Is the process alive?', () => true),
    probe('/startupz', 'hasStarted', 'Has the server started?', (now) => now !== 'starting'),
    probe('/readyz', 'isReady', 'May requests be sent here?', (now) => now === 'ready'),
  ];
}
