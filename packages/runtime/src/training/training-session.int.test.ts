import { afterEach, describe, expect, it } from 'vitest';
import { floats, regressionBatch, regressionParameters, regressionProgram } from '../__fixtures__/toy-programs.js';
import { SessionError } from '../errors.js';
import type { StepRequest, TrainingSession, TrainingSessionOptions } from '../training-program.js';
import { createTrainingSession } from './training-session.js';

const sessions: TrainingSession[] = [];

async function open(changes: Partial<TrainingSessionOptions> = {}): Promise<TrainingSession> {
  const session = await createTrainingSession({
    parameters: regressionParameters(),
    programs: [regressionProgram(), regressionProgram('dropped', 0.2)],
    optimizer: { kind: 'adamw' },
    seed: 3,
    ...changes,
  });
  sessions.push(session);
  return session;
}

afterEach(async () => {
  await Promise.all(sessions.splice(0).map((session) => session[Symbol.asyncDispose]()));
});

const request = (step: number, program = 'dropped'): StepRequest => ({
  microBatches: [{ program, feeds: regressionBatch(16, step % 4), weight: 1 }],
  step,
  learningRates: { main: 0.02, head: 0.02 },
  clipNorm: 1,
});

const weights = async (session: TrainingSession): Promise<number[]> =>
  [...(await session.exportState()).parameters.values()].flatMap(({ data }) => [...data]);

describe('createTrainingSession', () => {
  it('trains in a worker, in the order of the calls', async () => {
    const session = await open();
    const steps = Array.from({ length: 200 }, (_, i) => session.step(request(i + 1, 'regression')));
    const losses = (await Promise.all(steps)).map(({ loss }) => loss);
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 20);
  });

  it('is bit-equal between two sessions side by side, and after a resume', async () => {
    const [whole, first] = await Promise.all([open(), open()]);
    const train = async (session: TrainingSession, from: number, to: number): Promise<void> => {
      for (let step = from; step <= to; step++) await session.step(request(step));
    };
    await Promise.all([train(whole, 1, 10), train(first, 1, 6)]);
    const state = await first.exportState();
    const second = await open({ parameters: regressionParameters().map((p) => ({ ...p, data: p.data.map(() => 9) })) });
    await second.importState(state);
    await Promise.all([train(second, 7, 10), train(first, 7, 10)]);
    expect(await weights(second)).toEqual(await weights(whole));
    expect(await weights(first)).toEqual(await weights(whole));
  });

  it('keeps the buffers it was given intact and its own memory to itself', async () => {
    const parameters = regressionParameters();
    const session = await open({ parameters });
    const sent = request(1);
    const state = await session.exportState();
    await session.step(sent);
    await session.importState(state);
    expect(parameters[0]!.data).toHaveLength(15);
    expect(sent.microBatches[0]!.feeds.x!.data).toHaveLength(80);
    expect(state.parameters.get('weight')!.data).toEqual(parameters[0]!.data);
    expect(await weights(session)).toEqual(parameters.flatMap(({ data }) => [...data]));
  });

  it('sends views and shared memory as what they show', async () => {
    const session = await open();
    const { x, target } = regressionBatch(4);
    const padded = new Float32Array([...x.data, 7, 7, 7]);
    const shared = new Float32Array(new SharedArrayBuffer(4 * target.data.length));
    shared.set(target.data);
    const odd = { x: { ...x, data: padded.subarray(0, 20) }, target: { ...target, data: shared } };
    expect(await session.evaluate('regression', odd, ['loss'])).toEqual(
      await session.evaluate('regression', { x, target }, ['loss']),
    );
  });

  it('returns gradients, outputs and states as own arrays', async () => {
    const session = await open();
    const { gradients } = await session.gradients('regression', regressionBatch(4), 1);
    expect([...gradients].map(([name, { dims }]) => [name, dims])).toEqual([
      ['weight', [5, 3]],
      ['bias', [3]],
    ]);
    const { outputs } = await session.step({ ...request(1), fetch: ['prediction'] });
    expect(outputs[0]!.prediction!.dims).toEqual([16, 3]);
    const { moments, updates } = await session.exportState({ moments: false });
    expect([moments.size, updates]).toEqual([0, 1]);
  });

  it('takes further programs later', async () => {
    const session = await open({ programs: [] });
    await expect(session.step(request(1))).rejects.toThrow(/registered are none/);
    await session.addProgram(regressionProgram('dropped'));
    expect((await session.step(request(1))).updated).toBe(true);
  });

  it('reports errors with the program and goes on', async () => {
    const session = await open();
    const feeds = { ...regressionBatch(2), target: floats([1, 3], [0, 0, 0]) };
    const error = await session.evaluate('regression', feeds, ['loss']).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SessionError);
    expect(error).toMatchObject({
      code: 'SESSION_FAILED',
      program: 'regression',
      cause: { message: expect.any(String) },
    });
    expect((await session.step(request(1))).updated).toBe(true);
  });

  it('leaves nothing running when a program does not load', async () => {
    const broken = { ...regressionProgram('broken'), model: Uint8Array.of(8, 1) };
    await expect(open({ programs: [broken] })).rejects.toMatchObject({ code: 'SESSION_FAILED', program: 'broken' });
    await expect(open({ parameters: [regressionParameters()[0]!, regressionParameters()[0]!] })).rejects.toThrow(
      /unique/,
    );
  });

  it('finishes queued work before it is disposed of, and refuses more', async () => {
    const session = await open();
    const steps = [1, 2, 3].map((step) => session.step(request(step)));
    const disposal = session[Symbol.asyncDispose]();
    await expect(session.step(request(4))).rejects.toThrow(/disposed/);
    expect((await Promise.all(steps)).every(({ updated }) => updated)).toBe(true);
    await disposal;
    await session[Symbol.asyncDispose]();
  });
});
