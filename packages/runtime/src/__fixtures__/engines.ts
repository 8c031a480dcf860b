import { expect, onTestFinished } from 'vitest';
import { type EngineOptions, TrainingEngine } from '../training/training-engine.js';
import type { ParameterDeclaration, StepRequest, TrainingProgram, TrainingState } from '../training-program.js';
import { regressionBatch, regressionParameters, regressionProgram } from './toy-programs.js';

/** Released at the end of the test. */
export async function openEngine(
  parameters: readonly ParameterDeclaration[],
  programs: readonly TrainingProgram[],
  options: Partial<EngineOptions> = {},
): Promise<TrainingEngine> {
  const optimizer = { kind: 'adamw', weightDecay: 0 } as const;
  const engine = await TrainingEngine.create({
    parameters,
    optimizer,
    threads: 2,
    seed: 5,
    idleProgramBytes: 2 ** 30,
    ...options,
  });
  onTestFinished(() => engine.release());
  for (const { name, data } of parameters) engine.loadParameter(name, data);
  for (const program of programs) await engine.addProgram(program);
  return engine;
}

export const openRegression = (options: Partial<EngineOptions> = {}): Promise<TrainingEngine> =>
  openEngine(regressionParameters(), [regressionProgram(), regressionProgram('dropped', 0.3)], options);

export function request(step: number, changes: Partial<StepRequest> = {}): StepRequest {
  return {
    microBatches: [{ program: 'regression', feeds: regressionBatch(16), weight: 1 }],
    step,
    learningRates: { main: 0.03, head: 0.03 },
    ...changes,
  };
}

/** Everything in a state as plain numbers. */
export function numbers(state: TrainingState): Record<string, readonly number[]> {
  const entries = [...state.parameters].map(([name, { data }]) => [name, [...data]] as const);
  const moments = [...state.moments].map(([name, { m, v }]) => [`${name}.moments`, [...m, ...v]] as const);
  return Object.fromEntries([...entries, ...moments]);
}

export const parameter = (engine: TrainingEngine, name: string): number[] => [
  ...engine.exportState(false).parameters.get(name)!.data,
];

/** Within `relative` of the largest expected magnitude. */
export function expectClose(actual: readonly number[], expected: readonly number[], relative: number): void {
  const scale = Math.max(...expected.map(Math.abs));
  expect(actual).toHaveLength(expected.length);
  actual.forEach((value, i) => {
    expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(relative * scale);
  });
}
