import { type DType, dtypeArrays, elementCount, type HostTensor, TensorError, tensor } from '@zooid/tensor';
import type { AttributeValue } from './attributes.js';
import { dtypeFromCode } from './data-types.js';
import { GraphError, UnsupportedOpError } from './errors.js';
import { Graph } from './graph.js';
import { liftNode, NEWEST_OPSET, OLDEST_OPSET } from './lift/index.js';
import type { NodeSpec } from './lift/node-spec.js';
import { isOp, opDomain } from './ops/index.js';
import { decodeModel } from './protobuf/decode.js';
import type { AttributeProto, GraphProto, NodeProto, TensorProto, ValueInfoProto } from './protobuf/messages.js';
import type { Value } from './value.js';

export interface ReadModelOptions {
  /** Side files by the name that the model gives them. */
  readonly externalData?: ReadonlyMap<string, Uint8Array>;
}

/** What every graph is written in. */
const OUR_OPSET = 17;

/**
 * Reads an ONNX model of opset 11 to 21 into a graph of opset 17, inferring every shape anew. The bytes are not
 * trusted: whatever is wrong with them ends in a `GraphError`, and nothing is allocated on the word of a length field.
 * Weights are views into `bytes` where alignment permits.
 *
 * Operators outside the table are kept as they are where the model declares the types of their outputs
 * (`value_info`): the graph can be written again and pruned, but not differentiated through them.
 *
 * @throws UnsupportedOpError for operators outside the table whose output types nothing tells; GraphError for
 *   everything else that does not hold.
 */
export function readModel(bytes: Uint8Array, options: ReadModelOptions = {}): Graph {
  const model = decodeModel(bytes);
  const opset = model.opsets.find(({ domain }) => normalDomain(domain) === '')?.version ?? 0;
  if (opset < OLDEST_OPSET || opset > NEWEST_OPSET) {
    throw new GraphError(
      `The model uses opset ${opset}; ${OLDEST_OPSET} to ${NEWEST_OPSET} can be read. Export it again at opset ${OUR_OPSET}`,
    );
  }
  try {
    const domains = new Map(model.opsets.map(({ domain, version }) => [normalDomain(domain), version]));
    return new Reader(model.graph, opset, domains, options).graph;
  } catch (error) {
    if (error instanceof TensorError) throw new GraphError(`Malformed model: ${error.message}`, { cause: error });
    throw error;
  }
}

class Reader {
  readonly graph = new Graph(OUR_OPSET, true);
  private readonly values = new Map<string, Value>();
  /** What the file says of values in between and of outputs; asked only about unknown operators. */
  private readonly declared = new Map<string, ValueInfoProto>();

  constructor(
    proto: GraphProto,
    private readonly opset: number,
    private readonly domains: ReadonlyMap<string, number>,
    private readonly options: ReadModelOptions,
  ) {
    for (const [domain, version] of domains) if (domain !== '') this.graph.domains.set(domain, version);
    this.graph.reserveNames(namesIn(proto));
    for (const info of [...(proto.valueInfos ?? []), ...proto.outputs]) this.declared.set(info.name, info);
    const initialized = new Set(proto.initializers.map(({ name }) => name));
    // Old exporters list initializers as inputs too; those are constants, not feeds.
    for (const info of proto.inputs) {
      if (initialized.has(info.name)) continue;
      const { name, dtype, shape } = this.type(info, `Input '${info.name}'`);
      this.define(this.graph.input(name, dtype, shape));
    }
    for (const item of proto.initializers) this.define(this.graph.initializer(item.name, this.tensor(item)));
    for (const node of proto.nodes) this.node(node);
    for (const { name } of proto.outputs) this.graph.output(this.value(name, 'the graph outputs'));
    if (proto.outputs.length === 0) throw new GraphError('The model has no outputs');
  }

  private type({ name, elementType, shape }: ValueInfoProto, what: string) {
    if (shape === undefined) throw new GraphError(`${what} is no tensor of known rank`);
    const dims = shape.map((dim) => {
      if (typeof dim === 'number' && dim < 0) throw new GraphError(`${what} has a dim of ${dim}`);
      return dim === null || dim === '' ? this.graph.freshDim() : dim;
    });
    return { name, dtype: dtypeFromCode(elementType), shape: dims };
  }

  private node(proto: NodeProto): void {
    const domain = normalDomain(proto.domain);
    if (!this.domains.has(domain))
      throw new GraphError(`Node '${proto.name}' is of the domain '${domain}', which the model does not import`);
    const attributes = Object.fromEntries(proto.attributes.map((item) => [item.name, this.attribute(item, proto)]));
    if (proto.opType === 'Constant' && domain === '') {
      this.define(this.graph.literal(proto.outputs[0] ?? '', constantTensor(attributes, proto.name)));
      return;
    }
    if (proto.outputs.length === 0) throw new GraphError(`Node '${proto.name}' (${proto.opType}) has no outputs`);
    const inputs = proto.inputs.map((name) => (name === '' ? null : this.value(name, `node '${proto.name}'`)));
    const { opType, outputs } = proto;
    const name = proto.name || this.graph.freshName(opType);
    this.append({ opType, domain, name, inputs, outputs, attributes });
  }

  private append(node: NodeSpec): void {
    const lifted = liftNode(node, this.graph, this.opset);
    const results = 'opType' in lifted ? this.emit(lifted) : lifted;
    results.forEach((result, i) => {
      if (node.outputs[i]) this.values.set(node.outputs[i], result);
    });
  }

  private emit({ opType, domain, name, inputs, outputs, attributes }: NodeSpec): readonly Value[] {
    if (isOp(opType) && opDomain(opType) === domain)
      return this.graph.emit(opType, inputs, attributes, outputs, domain, name);
    const types = outputs.map((output) => {
      // An output that is not wanted still has a place.
      if (output === '') return { name: this.graph.freshName('omitted'), dtype: 'float32' as const, shape: [] };
      const info = this.declared.get(output);
      if (info?.shape === undefined || info.elementType === 0) throw new UnsupportedOpError(opType, domain, name);
      return this.type(info, `Value '${output}'`);
    });
    return this.graph.emitUnknown({ op: `${domain}::${opType}`, domain, name, inputs, attributes }, types);
  }

  private define(value: Value): void {
    this.values.set(value.name, value);
  }

  private value(name: string, user: string): Value {
    const value = this.values.get(name);
    if (value === undefined) throw new GraphError(`Value '${name}' is used by ${user} before any node defines it`);
    return value;
  }

  private attribute(proto: AttributeProto, node: NodeProto): AttributeValue {
    switch (proto.kind) {
      case 'float':
        return { float: proto.value };
      case 'floats':
        return { floats: proto.value };
      case 'tensor':
        return this.tensor(proto.value);
      case 'unsupported':
        throw new GraphError(
          `Attribute '${proto.name}' of node '${node.name}' (${node.opType}) is of a kind (${proto.value}) that is not supported`,
        );
      default:
        return proto.value;
    }
  }

  private tensor(proto: TensorProto): HostTensor {
    const dtype = dtypeFromCode(proto.dataType);
    const count = elementCount(proto.dims);
    const raw = proto.external === undefined ? proto.raw : this.external(proto);
    if (raw !== undefined) return tensor(dtype, fromBytes(dtype, raw, count, proto.name), proto.dims);
    if (dtype === 'int64') return tensor('int64', BigInt64Array.from(proto.ints ?? []), proto.dims);
    // float16 stored as numbers carries its bits, which is how this code base carries it too.
    const list = dtype === 'float32' ? proto.floats : dtype === 'float64' ? proto.doubles : proto.ints?.map(Number);
    return tensor(dtype, list ?? [], proto.dims);
  }

  private external({ name, external }: TensorProto): Uint8Array {
    const location = external!.location ?? '';
    const file = this.options.externalData?.get(location);
    if (file === undefined)
      throw new GraphError(`Weight '${name}' lies in the side file '${location}', which was not given`);
    const offset = Number(external!.offset ?? 0);
    const length = Number(external!.length ?? file.byteLength - offset);
    if (
      !(offset >= 0 && length >= 0 && offset + length <= file.byteLength) ||
      !Number.isInteger(offset) ||
      !Number.isInteger(length)
    ) {
      throw new GraphError(
        `Weight '${name}' claims bytes ${offset} to ${offset + length} of '${location}', which has ${file.byteLength}`,
      );
    }
    return file.subarray(offset, offset + length);
  }
}

/** Every name that the file gives to a value or a node. */
function* namesIn({ inputs, initializers, nodes }: GraphProto): Iterable<string> {
  for (const { name } of inputs) yield name;
  for (const { name } of initializers) yield name;
  for (const node of nodes) {
    yield node.name;
    yield* node.outputs;
  }
}

/** `ai.onnx` is the long name of the standard operators. */
function normalDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}

function fromBytes<D extends DType>(dtype: D, raw: Uint8Array, count: number, name: string) {
  const type = dtypeArrays[dtype];
  if (raw.byteLength !== count * type.BYTES_PER_ELEMENT) {
    throw new GraphError(
      `Weight '${name}' holds ${raw.byteLength} bytes where its dims ask for ${count * type.BYTES_PER_ELEMENT}`,
    );
  }
  // Not slice(): on a Buffer that is another view of the same bytes.
  const aligned = raw.byteOffset % type.BYTES_PER_ELEMENT === 0 ? raw : Uint8Array.from(raw);
  return new type(aligned.buffer, aligned.byteOffset, count);
}

function constantTensor(attributes: Readonly<Record<string, AttributeValue>>, node: string): HostTensor {
  const { value, value_int, value_ints, value_float, value_floats } = attributes;
  if (typeof value === 'object' && 'dtype' in value) return value;
  if (typeof value_int === 'number') return tensor('int64', [value_int], []);
  if (Array.isArray(value_ints)) return tensor('int64', value_ints as number[]);
  if (typeof value_float === 'object' && 'float' in value_float) return tensor('float32', [value_float.float], []);
  if (typeof value_floats === 'object' && 'floats' in value_floats) return tensor('float32', value_floats.floats);
  throw new GraphError(`Constant '${node}' has no value of a supported kind`);
}
