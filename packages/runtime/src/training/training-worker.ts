import type { TensorMap } from '@zooid/tensor';
import { SessionError } from '../errors.js';
import type { StepRequest, TrainingProgram, TrainingState } from '../training-program.js';
import { type Answer, serveWorker } from '../workers/serve-worker.js';
import { buffersOf } from '../workers/transfer.js';
import { type EngineOptions, TrainingEngine } from './training-engine.js';

let engine: TrainingEngine | undefined;

function running(): TrainingEngine {
  if (engine === undefined) throw new SessionError('The training session was not opened');
  return engine;
}

serveWorker({
  async open(options: EngineOptions): Promise<Answer> {
    engine = await TrainingEngine.create(options);
    return { value: undefined };
  },
  async loadParameter({ name, data }: { readonly name: string; readonly data: Float32Array }): Promise<Answer> {
    running().loadParameter(name, data);
    return { value: undefined };
  },
  async addProgram(program: TrainingProgram): Promise<Answer> {
    await running().addProgram(program);
    return { value: undefined };
  },
  async step(request: StepRequest): Promise<Answer> {
    const value = await running().step(request);
    return { value, transfer: value.outputs.flatMap(buffersOf) };
  },
  async evaluate({ program, feeds, fetch }: { program: string; feeds: TensorMap; fetch: string[] }): Promise<Answer> {
    const value = await running().evaluate(program, feeds, fetch);
    return { value, transfer: buffersOf(value) };
  },
  async gradients({ program, feeds, step }: { program: string; feeds: TensorMap; step: number }): Promise<Answer> {
    const value = await running().gradients(program, feeds, step);
    return { value, transfer: [...value.gradients.values()].map(({ data }) => data.buffer as ArrayBuffer) };
  },
  async exportState({ moments }: { readonly moments: boolean }): Promise<Answer> {
    const value = running().exportState(moments);
    const arrays = [
      ...[...value.parameters.values()].map(({ data }) => data),
      ...[...value.moments.values()].flatMap(({ m, v }) => [m, v]),
    ];
    return { value, transfer: arrays.map(({ buffer }) => buffer as ArrayBuffer) };
  },
  async importState(state: TrainingState): Promise<Answer> {
    running().importState(state);
    return { value: undefined };
  },
  async dispose(): Promise<Answer> {
    await engine?.release();
    return { value: undefined };
  },
});
