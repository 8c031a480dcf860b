import { checkGraph, extractGraph, type Value, writeModel } from '@zooid/onnx';
import type { ProgramChain, ProgramRun } from '@zooid/runtime';
import { Slots } from './slots.js';
import { assignStages, type StageOptions } from './stages.js';

/** A value that the program hands out under a name: the loss, an output, a gradient. */
export interface NamedValue {
  readonly name: string;
  readonly value: Value;
}

export interface ChainOptions extends Omit<StageOptions, 'wanted'> {
  readonly results: readonly NamedValue[];
}

/** One run before names are given: the values it reads, and what becomes of those it makes. */
interface Piece {
  readonly model: Uint8Array;
  readonly inputs: readonly Value[];
  /** Without a name: passed on to another run. */
  readonly outputs: readonly { readonly value: Value; readonly name?: string }[];
}

/**
 * Cuts a training graph into runs: every stage forward but the last, then every stage backward, which computes its
 * inner values again. Stages of equal structure share a model, since parameters are inputs.
 *
 * @see Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost"; a segment is a layer here.
 */
export function chainOf({ results, ...options }: ChainOptions): ProgramChain {
  const { graph } = options;
  const last = options.cuts.length;
  const stages = assignStages({ ...options, wanted: results.map(({ value }) => value) });
  const forward = new Set(graph.nodes.slice(0, options.forward).flatMap(({ outputs }) => outputs));
  /** What no stage is bound to compute goes with the last. */
  const stageOf = (value: Value): number => stages.of(value) ?? last;
  const keptAt = (stage: number) => [...stages.kept].filter((value) => stageOf(value) === stage);
  const resultsAt = (stage: number, isForward: boolean) =>
    results.filter(({ value }) => stageOf(value) === stage && forward.has(value) === isForward);

  const pieces: Piece[] = [];
  const add = (passed: readonly Value[], named: readonly NamedValue[], isGiven: (value: Value) => boolean): void => {
    const outputs = [...passed.map((value) => ({ value })), ...named];
    if (outputs.length === 0) return;
    const given = new Set([...stages.kept, ...stages.handedDown].filter(isGiven));
    const values = outputs.map(({ value }) => value);
    const { graph: part, inputs } = extractGraph(graph, values, given);
    checkGraph(part);
    pieces.push({ model: writeModel(part), inputs, outputs });
  };
  for (let stage = 0; stage < last; stage++) {
    add(keptAt(stage), resultsAt(stage, true), (value) => stages.kept.has(value) && stageOf(value) < stage);
  }
  for (let stage = last; stage >= 0; stage--) {
    const inner = stage === last ? { kept: keptAt(last), results: resultsAt(last, true) } : { kept: [], results: [] };
    const handed = [...stages.handedDown].filter((value) => stageOf(value) === stage);
    add([...inner.kept, ...handed], [...inner.results, ...resultsAt(stage, false)], (value) =>
      stages.kept.has(value) ? stage < last || stageOf(value) < last : stageOf(value) > stage,
    );
  }
  return link(pieces, new Set([...stages.kept, ...stages.handedDown]));
}

/** Numbers the distinct models, and finds slots for what passes from run to run. */
function link(pieces: readonly Piece[], passed: ReadonlySet<Value>): ProgramChain {
  const models = new Map<string, Uint8Array>();
  const slots = new Slots();
  const lastRead = new Map<Value, number>();
  pieces.forEach(({ inputs }, i) => {
    for (const value of inputs) lastRead.set(value, i);
  });
  const runs = pieces.map(({ model, inputs, outputs }, i): ProgramRun => {
    const key = Buffer.from(model).toString('latin1');
    if (!models.has(key)) models.set(key, model);
    const sources = inputs.map((value, at) => [`i${at}`, passed.has(value) ? slots.of(value) : value.name]);
    const targets = outputs.map(({ value, name }, at) => [`o${at}`, name ?? slots.take(value)]);
    // Only now, so that no output of this run is written over an input of it.
    for (const value of new Set([...inputs, ...outputs.map((output) => output.value)])) {
      if (passed.has(value) && (lastRead.get(value) ?? i) <= i) slots.free(value);
    }
    return {
      model: [...models.keys()].indexOf(key),
      inputs: Object.fromEntries(sources),
      outputs: Object.fromEntries(targets),
    };
  });
  return { models: [...models.values()], slots: slots.all, runs };
}
