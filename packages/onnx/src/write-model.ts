import type { HostTensor } from '@zooid/tensor';
import { isAnonymousDim, isStaticShape } from '@zooid/tensor';
import type { AttributeValue } from './attributes.js';
import { dtypeCode } from './data-types.js';
import { GraphError } from './errors.js';
import type { Graph, GraphNode } from './graph.js';
import { isOp } from './ops/index.js';
import { encodeModel } from './protobuf/encode.js';
import type { AttributeContent, ModelProto, TensorProto, ValueInfoProto } from './protobuf/messages.js';
import type { Value } from './value.js';

export interface WriteModelOptions {
  /** Default `zooid`. */
  readonly producer?: string;
  readonly producerVersion?: string;
  /** Stored in the model's `metadata_props`. */
  readonly metadata?: Readonly<Record<string, string>>;
  /**
   * Graph inputs, by name, that become initializers whose numbers lie in a file beside the model. For weights that are
   * written there one by one, and so are never all in memory.
   */
  readonly external?: ReadonlyMap<string, ExternalTensor>;
}

/** Where a tensor's bytes lie. */
export interface ExternalTensor {
  /** Name of the file, relative to the model's folder. */
  readonly location: string;
  /** In bytes; a multiple of 4096 lets the runtime map it. */
  readonly offset: number;
  readonly sizeBytes: number;
}

export interface ExternalDataOptions extends WriteModelOptions {
  /** Name of the side file, relative to the model's folder. */
  readonly path: string;
  /** Initializers of at least this many bytes move to the side file. Default 1024. */
  readonly minBytes?: number;
}

/** ONNX IR version 8 goes with opset 17. */
const IR_VERSION = 8;
/** Side-file offsets are multiples of the page size, so that the runtime can map weights instead of reading them. */
const PAGE = 4096;
/** Protobuf's own limit for one message. */
const MAX_BYTES = 2 ** 31 - 1;

/**
 * The graph as an ONNX `ModelProto` with its weights inside.
 * @throws GraphError when it has no output or would exceed protobuf's 2 GiB.
 */
export function writeModel(graph: Graph, options: WriteModelOptions = {}): Uint8Array {
  return encode(graph, options, (name, tensor) => ({ ...describe(name, tensor), raw: rawBytes(tensor) }));
}

/** The graph as a model whose large weights lie in a side file, which must be stored as `path` beside it. */
export function writeModelWithExternalData(
  graph: Graph,
  { path, minBytes = 1024, ...options }: ExternalDataOptions,
): { readonly model: Uint8Array; readonly data: Uint8Array } {
  const placed: { readonly offset: number; readonly raw: Uint8Array }[] = [];
  let end = 0;
  const model = encode(graph, options, (name, tensor) => {
    const raw = rawBytes(tensor);
    if (raw.byteLength < minBytes) return { ...describe(name, tensor), raw };
    const offset = Math.ceil(end / PAGE) * PAGE;
    placed.push({ offset, raw });
    end = offset + raw.byteLength;
    return {
      ...describe(name, tensor),
      external: { location: path, offset: String(offset), length: String(raw.byteLength) },
    };
  });
  const data = new Uint8Array(end);
  for (const { offset, raw } of placed) data.set(raw, offset);
  return { model, data };
}

function encode(
  graph: Graph,
  options: WriteModelOptions,
  store: (name: string, tensor: HostTensor) => TensorProto,
): Uint8Array {
  if (graph.outputs.length === 0)
    throw new GraphError('A graph without outputs computes nothing; call output() before writing it');
  const used = new Set<Value>(graph.outputs);
  for (const node of graph.nodes) for (const value of node.inputs) if (value !== null) used.add(value);
  const outside = outsideWeights(graph, options.external);
  const initializers = [
    ...Array.from(graph.initializers, ([value, tensor]) => store(value.name, tensor)),
    ...outside.values(),
  ];
  const bytes = initializers.reduce((sum, { raw }) => sum + (raw?.byteLength ?? 0), 0);
  if (bytes > MAX_BYTES)
    throw new GraphError(`The weights take ${bytes} bytes, over protobuf's limit; use writeModelWithExternalData`);
  const domains = new Set(graph.nodes.map(({ domain }) => domain).filter((domain) => domain !== ''));
  const model: ModelProto = {
    irVersion: IR_VERSION,
    producerName: options.producer ?? 'zooid',
    producerVersion: options.producerVersion ?? '',
    opsets: [
      { domain: '', version: graph.opset },
      ...Array.from(domains, (domain) => ({ domain, version: graph.domains.get(domain) ?? 1 })),
    ],
    metadata: { ...options.metadata },
    graph: {
      name: 'main',
      nodes: graph.nodes.map((node) => ({
        name: node.name,
        opType: opType(node),
        domain: node.domain,
        inputs: trimmed(node.inputs.map((value) => value?.name ?? '')),
        outputs: outputNames(node, used),
        attributes: Object.entries(node.attributes).map(([name, value]) => ({ name, ...attributeContent(value) })),
      })),
      initializers,
      inputs: graph.inputs.filter((value) => !outside.has(value)).map(valueInfo),
      outputs: graph.outputs.map(valueInfo),
      // A reader cannot infer what unknown operators give.
      valueInfos: graph.nodes.flatMap(({ op, outputs }) =>
        isOp(op) ? [] : outputs.filter((value) => used.has(value)).map(valueInfo),
      ),
    },
  };
  return encodeModel(model);
}

function outsideWeights(
  graph: Graph,
  external: ReadonlyMap<string, ExternalTensor> = new Map(),
): ReadonlyMap<Value, TensorProto> {
  const inputs = new Map(graph.inputs.map((value) => [value.name, value]));
  return new Map(
    Array.from(external, ([name, { location, offset, sizeBytes }]) => {
      const value = inputs.get(name);
      if (value === undefined || !isStaticShape(value.shape))
        throw new GraphError(`'${name}' cannot be an external initializer: it is no graph input of a fixed shape`);
      const { dtype, shape: dims } = value;
      const tensor = describe(name, { dtype, dims });
      return [value, { ...tensor, external: { location, offset: String(offset), length: String(sizeBytes) } }];
    }),
  );
}

/** Unknown operators carry their domain before their name. */
function opType({ op, domain }: GraphNode): string {
  return op.startsWith(`${domain}::`) ? op.slice(domain.length + 2) : op;
}

/** Optional outputs that nobody reads are left out, which spares the runtime computing them. */
function outputNames(node: GraphNode, used: ReadonlySet<Value>): string[] {
  // Their outputs are not optional.
  if (node.op === 'Split' || node.op === 'TopK') return node.outputs.map(({ name }) => name);
  return trimmed(node.outputs.map((value, i) => (i === 0 || used.has(value) ? value.name : '')));
}

/** Trailing empty names are dropped; those in between must stay to keep positions. */
function trimmed(names: string[]): string[] {
  return names.slice(0, names.findLastIndex((name) => name !== '') + 1);
}

function attributeContent(value: AttributeValue): AttributeContent {
  if (typeof value === 'number') return Number.isInteger(value) ? { kind: 'int', value } : { kind: 'float', value };
  if (typeof value === 'string') return { kind: 'string', value };
  if ('float' in value) return { kind: 'float', value: value.float };
  if ('floats' in value) return { kind: 'floats', value: value.floats };
  if ('dtype' in value) return { kind: 'tensor', value: { ...describe('', value), raw: rawBytes(value) } };
  if (value.every((item) => typeof item === 'string')) {
    // An empty list is a list of ints: no operator of the table has an attribute of strings.
    return value.length === 0 ? { kind: 'ints', value: [] } : { kind: 'strings', value };
  }
  const numbers = value as readonly number[];
  return numbers.every(Number.isInteger) ? { kind: 'ints', value: numbers } : { kind: 'floats', value: numbers };
}

function describe(name: string, { dtype, dims }: Pick<HostTensor, 'dtype' | 'dims'>): TensorProto {
  return { name, dims, dataType: dtypeCode(dtype) };
}

// Typed arrays are little-endian on every platform that onnxruntime-node supports, as raw_data must be.
function rawBytes({ data }: HostTensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function valueInfo({ name, dtype, shape }: Value): ValueInfoProto {
  return { name, elementType: dtypeCode(dtype), shape: shape.map((dim) => (isAnonymousDim(dim) ? null : dim)) };
}
