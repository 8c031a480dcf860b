import { type DType, type HostTensor, tensor, toNumbers } from '@zooid/tensor';
import { type Attributes, floatAttribute, intAttribute } from '../attributes.js';
import { dtypeCode, dtypeFromCode } from '../data-types.js';
import { GraphError } from '../errors.js';
import type { Graph, GraphNode } from '../graph.js';
import { isOp } from '../ops/index.js';
import { MAX_CONTENTS } from '../ops/rule.js';
import type { Value } from '../value.js';
import { type LivePart, livePart, readersOf } from './live-part.js';
import {
  asFloat32,
  type GraphParameter,
  type ParameterOptions,
  type ParameterPlan,
  planParameters,
} from './parameters.js';
import { plainForms } from './plain-form.js';

export interface ImportGraphOptions extends ParameterOptions {
  /** Values of the target graph by the name of the source's input. Their shapes name the symbolic dims. */
  readonly inputs: Readonly<Record<string, Value>>;
  /** The value of the target that stands for a weight: float32, shaped like it. Called once per weight that is needed. */
  readonly parameter: (parameter: GraphParameter) => Value;
  /** What a `Dropout` exported in training mode becomes; default: nothing, as at inference. */
  readonly dropout?: (x: Value, rate: number, node: string) => Value;
}

/**
 * Emits the nodes of `source` into `target`, on given inputs and with given weights, and returns the outputs by name.
 * The result can be differentiated like anything else that was emitted there. Floats of any width become float32, and
 * what an optimiser fused (except attention) becomes plain operators again.
 *
 * @throws GraphError when an input is missing or does not fit, or a node cannot take the shapes that follow from it.
 */
export function importGraph(
  source: Graph,
  target: Graph,
  options: ImportGraphOptions,
): Readonly<Record<string, Value>> {
  return new Import(source, target, options).run();
}

class Import {
  private readonly live: LivePart;
  private readonly plan: ParameterPlan;
  private readonly values = new Map<Value, Value>();
  private readonly parameters = new Map<GraphParameter, Value>();
  /** Names of nodes that the target has already; those of the source are kept where they are new. */
  private readonly taken: ReadonlySet<string>;

  constructor(
    private readonly source: Graph,
    private readonly target: Graph,
    private readonly options: ImportGraphOptions,
  ) {
    this.live = livePart(source, options.outputs);
    this.plan = planParameters(source, options);
    this.taken = new Set(target.nodes.map(({ name }) => name));
    target.reserveNames(source.nodes.map(({ name }) => name));
  }

  run(): Readonly<Record<string, Value>> {
    const { source, target, live } = this;
    for (const [domain, version] of source.domains) target.domains.set(domain, version);
    for (const input of source.inputs) if (live.uses.has(input)) this.values.set(input, this.input(input));
    this.refuseStrangers();
    for (const node of live.nodes) {
      if (node.op === 'Identity') {
        this.alias(node);
        continue;
      }
      try {
        this.node(node);
      } catch (error) {
        if (!(error instanceof GraphError)) throw error;
        throw new GraphError(`Node '${node.name}' of the imported graph: ${error.message}`, { cause: error });
      }
    }
    return Object.fromEntries(live.outputs.map((output) => [output.name, this.value(output)]));
  }

  /** A copy is what it copies; a merged weight behind an `Identity` is looked up where it is read. */
  private alias({ inputs, outputs }: GraphNode): void {
    const output = outputs[0]!;
    const isMerged = this.plan.bindings.has(output) || readersOf(output, this.live).length === 0;
    if (!isMerged) this.values.set(output, this.value(inputs[0]!));
  }

  private input({ name, dtype, shape }: Value): Value {
    const given = this.options.inputs[name];
    if (given === undefined) {
      throw new GraphError(
        `The imported graph needs the input '${name}' (${dtype} [${shape.join(', ')}]); it was not given`,
      );
    }
    const clash = shape.some((dim, i) => {
      const other = given.shape[i];
      return typeof dim === 'number' && dim !== other;
    });
    if (given.rank !== shape.length || clash) {
      throw new GraphError(
        `Input '${name}' was exported as [${shape.join(', ')}] and given as [${given.shape.join(', ')}]; ` +
          'numbers in an export are fixed: give that size, or export with dynamic axes',
      );
    }
    const wanted = widened(dtype);
    if (given.dtype.startsWith('float') && !wanted.startsWith('float'))
      throw new GraphError(`Input '${name}' is ${dtype} and was given as ${given.dtype}`);
    return given.cast(wanted);
  }

  private refuseStrangers(): void {
    const names = this.source.inputs.map(({ name }) => name);
    const stranger = Object.keys(this.options.inputs).find((name) => !names.includes(name));
    if (stranger !== undefined)
      throw new GraphError(`The imported graph has no input '${stranger}'; it has ${names.join(', ')}`);
  }

  private node(node: GraphNode): void {
    const inputs = node.inputs.map((value) => (value === null ? null : this.value(value)));
    if (node.op === 'Dropout' && !this.live.uses.has(node.outputs[1]!)) {
      this.values.set(node.outputs[0]!, this.dropout(node, inputs[0]!));
      return;
    }
    const plain = isOp(node.op) ? plainForms[node.op]?.(node, inputs) : undefined;
    if (
      plain !== undefined &&
      node.outputs.every((output, i) => plain[i] !== undefined || !this.live.uses.has(output))
    ) {
      node.outputs.forEach((output, i) => {
        if (plain[i] !== undefined) this.values.set(output, plain[i]);
      });
      return;
    }
    const copy = { ...node, attributes: widenedAttributes(node) };
    const name = this.taken.has(node.name) ? this.target.freshName(node.op) : node.name;
    this.target.copyNode(copy, inputs, node.outputs.length, name).forEach((value, i) => {
      this.values.set(node.outputs[i]!, value);
    });
  }

  private dropout(node: GraphNode, x: Value): Value {
    const number = (index: number, otherwise: number) => {
      const value = node.inputs[index];
      const stored = value == null ? undefined : this.source.initializers.get(value);
      return stored === undefined ? otherwise : Number(floatNumbers(stored)[0]);
    };
    const rate = number(1, floatAttribute(node.attributes, 'ratio', 0.5));
    return number(2, 0) === 0 || rate === 0 ? x : (this.options.dropout?.(x, rate, node.name) ?? x);
  }

  private value(source: Value): Value {
    let value = this.values.get(source);
    if (value === undefined) {
      const binding = this.plan.bindings.get(source);
      if (binding === undefined) value = this.literal(source);
      else {
        const weight = this.parameter(binding.parameter);
        value = binding.transposed ? weight.swapLastTwo() : weight;
      }
      this.values.set(source, value);
    }
    return value;
  }

  private parameter(parameter: GraphParameter): Value {
    let value = this.parameters.get(parameter);
    if (value === undefined) {
      value = this.options.parameter(parameter);
      if (value.dtype !== 'float32' || value.shape.join() !== parameter.dims.join()) {
        throw new GraphError(
          `The parameter '${parameter.name}' must be float32 [${parameter.dims.join(', ')}], got ${value.dtype} [${value.shape.join(', ')}]`,
        );
      }
      this.parameters.set(parameter, value);
    }
    return value;
  }

  private literal(source: Value): Value {
    const stored = this.source.initializers.get(source)!;
    const data = widenedTensor(stored);
    if (data.data.length <= MAX_CONTENTS) {
      const numbers = toNumbers(data);
      // "To the end" is often 2⁶³ − 1, which is no number that this language has.
      if (numbers.every((x) => data.dtype !== 'int64' || Number.isSafeInteger(x)))
        return this.target.constant(numbers, data.dtype, data.dims);
    }
    return this.target.literal(this.target.freshName('literal'), data);
  }
}

/** Training is done in single precision. */
function widened(dtype: DType): DType {
  return dtype.startsWith('float') ? 'float32' : dtype;
}

function widenedTensor(stored: HostTensor): HostTensor {
  return stored.dtype.startsWith('float') ? tensor('float32', asFloat32(stored), stored.dims) : stored;
}

const floatNumbers = (stored: HostTensor) => toNumbers(widenedTensor(stored));

function widenedAttributes({ op, attributes }: GraphNode): Attributes {
  if (op === 'Cast') return { ...attributes, to: dtypeCode(widened(dtypeFromCode(intAttribute(attributes, 'to', 0)))) };
  const { value } = attributes;
  if (op === 'ConstantOfShape' && typeof value === 'object' && 'dtype' in value)
    return { ...attributes, value: widenedTensor(value) };
  return attributes;
}
