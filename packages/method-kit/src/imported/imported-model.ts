import { MissingGradientError } from '@zooid/autodiff';
import { type Issue, ValidationError } from '@zooid/common';
import {
  type DeclaredParameter,
  type EncoderConfig,
  type EncoderFamily,
  type EncoderOutput,
  encoderFamily,
  GraphBuilder,
  type ModuleContext,
  paddingBias,
  poolFirstToken,
  zeros,
} from '@zooid/nn';
import { type Graph, GraphError, importGraph, type Value } from '@zooid/onnx';
import type { EncoderBuilder, PreparedTask } from '@zooid/trainer';
import type { BaseWeights } from '../base-weights.js';
import { readExportedGraph } from './exported-graph.js';
import { findHiddenState } from './hidden-state.js';
import { type ImportedWeights, importedWeights, startingWeights } from './imported-weights.js';
import { inputsOf, wordTableRows } from './inputs.js';
import { parameterNames } from './parameter-names.js';

export interface ImportModelOptions {
  readonly folder: string;
  /** The graph, relative to `folder`. */
  readonly file: string;
  readonly task: PreparedTask;
  /** Train the outputs that the graph has under the names of the task's, instead of a new head on its encoder. */
  readonly keepHead: boolean;
}

/** A network that exists as an exported graph only, ready to be trained as it is. */
export interface ImportedModel {
  /** Takes the place of the encoder that the config describes; knows its last hidden state alone. */
  readonly encoder: EncoderBuilder;
  /** What goes on the encoder: the app's head, or (`keepHead`) the graph's own outputs with the app's loss. */
  readonly network: Pick<PreparedTask, 'head' | 'loss'>;
  /** Values for what the two declared. @throws ValidationError naming what holds NaN or infinity. */
  weights(declared: readonly DeclaredParameter[]): BaseWeights;
  /** Emits or compiles, or says what about the graph cannot be trained. @throws ValidationError */
  explain<T>(compile: () => T): T;
}

/**
 * Reads the graph of a model folder for training. Its encoder takes the place of the one that the config describes, with
 * the weights and in the arithmetic of the export.
 *
 * @throws ValidationError when the graph cannot be read, has no hidden state that a head could be put on, does not take
 *   the inputs of a padded batch, or contradicts `config.json`.
 */
export async function importModel({ folder, file, task, keepHead }: ImportModelOptions): Promise<ImportedModel> {
  const subject = `base model ${folder}/${file}`;
  const graph = await readExportedGraph(folder, file);
  const family = encoderFamily(task.config);
  const config = family.parse(task.config);
  const states = findHiddenState(graph, family, config);
  if (states !== undefined && !graph.outputs.includes(states)) graph.output(states);
  const outputs = keepHead ? task.outputs : states === undefined ? [] : [states.name];
  const known = new Set(graph.outputs.map(({ name }) => name));
  const lacking = outputs.filter((name) => !known.has(name));
  if (outputs.length === 0 || lacking.length > 0) {
    const has = `it has ${[...known].map((name) => `'${name}'`).join(', ')}`;
    const message =
      lacking.length > 0
        ? `keepHead needs the output ${lacking.map((name) => `'${name}'`).join(', ')} of the graph; ${has}`
        : `no output is called 'last_hidden_state' (${has}), and no LayerNorm inside can be told to be the encoder's last, for all tokens; ` +
          'export the model for feature extraction, or train it with the head it has (train.keepHead)';
    throw new ValidationError(subject, [{ path: '', message }]);
  }
  const nameOf = parameterNames({ graph, family, states: states?.name });
  const available = () => importedWeights({ graph, outputs, nameOf, subject });
  const parts = { subject, graph, task, family, config, states, outputs, nameOf, available };
  const issues = misfits(parts);
  if (issues.length > 0) throw new ValidationError(subject, issues);
  return new Imported(parts, keepHead);
}

interface Parts {
  readonly subject: string;
  readonly graph: Graph;
  readonly task: PreparedTask;
  readonly family: EncoderFamily;
  readonly config: EncoderConfig;
  readonly states: Value | undefined;
  /** What is trained. */
  readonly outputs: readonly string[];
  readonly nameOf: (name: string) => string;
  /** Planned anew when asked for, so that no copies are kept while the model is trained. */
  readonly available: () => ImportedWeights;
}

/** What makes the graph another network than the config's, or no network for batches of texts. */
function misfits({ graph, family, config, states, outputs, available }: Parts): Issue[] {
  const issues: Issue[] = [];
  const issue = (message: string) => issues.push({ path: '', message });
  const reads = inputsOf(graph, outputs);
  for (const name of ['input_ids', 'attention_mask']) {
    if (reads.has(name)) continue;
    issue(
      `does not read an input '${name}', without which a batch of texts cannot be padded; it reads ${[...reads].join(', ')}`,
    );
  }
  const width = states?.shape.at(-1);
  if (width !== undefined && width !== config.hidden_size)
    issue(`its hidden states are ${width} wide; config.json has hidden_size ${config.hidden_size}`);
  const rows = wordTableRows(graph);
  if (rows !== undefined && rows !== config.vocab_size)
    issue(`its word table has ${rows} rows; config.json has vocab_size ${config.vocab_size}`);
  const weights = available();
  const described = new GraphBuilder();
  family.build(described, config);
  for (const { name, shape } of described.parameters) {
    const dims = weights.get(name)?.dims;
    if (dims === undefined || dims.join() === shape.join()) continue;
    issue(`'${name}' has shape [${dims.join(', ')}]; by config.json it is [${shape.join(', ')}]`);
  }
  return issues;
}

const tokens = ['batch', 'sequence'] as const;

class Imported implements ImportedModel {
  readonly network: ImportedModel['network'];

  constructor(
    private readonly parts: Parts,
    keepHead: boolean,
  ) {
    const { task } = parts;
    const head = (context: ModuleContext) => this.ownHead(context);
    this.network = keepHead ? { head, loss: (context, outputs) => task.loss(context, outputs) } : task;
  }

  readonly encoder: EncoderBuilder = (context) => this.encoderOutput(context, () => this.states(context));

  weights(declared: readonly DeclaredParameter[]): BaseWeights {
    return startingWeights(this.parts.available(), declared, this.parts.subject);
  }

  explain<T>(compile: () => T): T {
    try {
      return compile();
    } catch (error) {
      if (!(error instanceof GraphError)) throw error;
      const message =
        error instanceof MissingGradientError
          ? `the operator ${error.op.replace(/^::/, '')} cannot be differentiated; the path to it from the loss is ` +
            `${error.path.join(' ← ')}. Freeze all weights before it (train.freeze), or export the model without it`
          : `cannot be trained: ${error.message}`;
      throw new ValidationError(this.parts.subject, [{ path: '', message }]);
    }
  }

  private emit(context: ModuleContext): Readonly<Record<string, Value>> {
    const { graph, outputs, nameOf } = this.parts;
    return importGraph(graph, context.graph, {
      outputs,
      inputs: this.inputs(context),
      parameter: ({ name, dims }) => context.parameter(nameOf(name), dims, zeros),
      dropout: (x, rate, node) => context.child(node).dropout(x, rate),
    });
  }

  /** The app feeds segments where the config has more than one; an export may know none, or want those of one. */
  private inputs(context: ModuleContext): Readonly<Record<string, Value>> {
    const { graph, outputs, task } = this.parts;
    const ids = context.input('input_ids', 'int64', tokens);
    const mask = context.input('attention_mask', 'int64', tokens);
    const segments = task.inputs.includes('token_type_ids')
      ? context.input('token_type_ids', 'int64', tokens)
      : undefined;
    if (inputsOf(graph, outputs).has('token_type_ids'))
      return { input_ids: ids, attention_mask: mask, token_type_ids: segments ?? ids.mul(0) };
    // What the app feeds must remain an input, even if it changes nothing.
    return { input_ids: ids, attention_mask: segments === undefined ? mask : mask.add(segments.mul(0)) };
  }

  private states(context: ModuleContext): Value {
    const { config, states } = this.parts;
    const value = this.emit(context)[states!.name]!;
    const expected = [...tokens, config.hidden_size];
    if (value.shape.join() === expected.join()) return value;
    throw new GraphError(
      `its hidden state comes out as [${value.shape.join(', ')}], not as [${expected.join(', ')}]; export it with dynamic axes for batch and sequence`,
    );
  }

  private encoderOutput(context: ModuleContext, states: () => Value): EncoderOutput {
    const { family, config } = this.parts;
    const attentionMask = context.input('attention_mask', 'int64', tokens);
    let lastHiddenState: Value | undefined;
    let pooled: Value | undefined;
    return {
      config,
      inputIds: context.input('input_ids', 'int64', tokens),
      attentionMask,
      get tokenTypeIds() {
        return context.input('token_type_ids', 'int64', tokens);
      },
      attnBias: paddingBias(attentionMask),
      // Emitted when it is asked for: the graph's own head does without.
      get lastHiddenState() {
        lastHiddenState ??= states();
        return lastHiddenState;
      },
      get hiddenStates(): never {
        throw new GraphError('only its last hidden state is known, and the head asks for those of other layers');
      },
      pooledOutput() {
        pooled ??= poolFirstToken(family, context.child(family.prefix), config, this.lastHiddenState);
        return pooled;
      },
    };
  }

  /** @throws GraphError when the graph's outputs are not shaped as those of the app's own head. */
  private ownHead(context: ModuleContext): Readonly<Record<string, Value>> {
    const { task, config } = this.parts;
    const outputs = this.emit(context);
    const scratch = new GraphBuilder();
    const states = scratch.input('states', 'float32', [...tokens, config.hidden_size]);
    const expected = task.head(
      scratch,
      this.encoderOutput(scratch, () => states),
    );
    for (const name of task.outputs) {
      const [actual, wanted] = [outputs[name]!.shape, expected[name]!.shape];
      const clashes = wanted.some((dim, i) => typeof dim === 'number' && dim !== actual[i]);
      if (actual.length === wanted.length && !clashes) continue;
      throw new GraphError(
        `its output '${name}' is [${actual.join(', ')}], and the app's head gives [${wanted.join(', ')}]; leave out train.keepHead to learn a new head`,
      );
    }
    return outputs;
  }
}
