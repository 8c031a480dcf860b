import type {
  AttributeContent,
  AttributeProto,
  GraphProto,
  ModelProto,
  NodeProto,
  TensorProto,
  ValueInfoProto,
} from './messages.js';
import { WireReader } from './wire-reader.js';

/** @throws GraphError when the bytes are not protobuf, or fields have kinds that the schema does not give them. */
export function decodeModel(bytes: Uint8Array): ModelProto {
  const model: ModelProto = {
    irVersion: 0,
    producerName: '',
    producerVersion: '',
    opsets: [],
    metadata: {},
    graph: { name: '', nodes: [], initializers: [], inputs: [], outputs: [] },
  };
  new WireReader(bytes).fields((field, value) => {
    if (field === 1) model.irVersion = value.int();
    else if (field === 2) model.producerName = value.string();
    else if (field === 3) model.producerVersion = value.string();
    else if (field === 7) model.graph = graph(value.message());
    else if (field === 8) model.opsets.push(opset(value.message()));
    else if (field === 14) entry(value.message(), model.metadata);
  });
  return model;
}

function opset(reader: WireReader): { domain: string; version: number } {
  const result = { domain: '', version: 0 };
  reader.fields((field, value) => {
    if (field === 1) result.domain = value.string();
    else if (field === 2) result.version = value.int();
  });
  return result;
}

function entry(reader: WireReader, into: Record<string, string>): void {
  let key = '';
  let text = '';
  reader.fields((field, value) => {
    if (field === 1) key = value.string();
    else if (field === 2) text = value.string();
  });
  // Keys come from outside: `__proto__` must become a property like any other.
  Object.defineProperty(into, key, { value: text, enumerable: true, configurable: true, writable: true });
}

function graph(reader: WireReader): GraphProto {
  const valueInfos: ValueInfoProto[] = [];
  const result: GraphProto = { name: '', nodes: [], initializers: [], inputs: [], outputs: [], valueInfos };
  reader.fields((field, value) => {
    if (field === 1) result.nodes.push(node(value.message()));
    else if (field === 2) result.name = value.string();
    else if (field === 5) result.initializers.push(tensor(value.message()));
    else if (field === 11) result.inputs.push(valueInfo(value.message()));
    else if (field === 12) result.outputs.push(valueInfo(value.message()));
    else if (field === 13) valueInfos.push(valueInfo(value.message()));
  });
  return result;
}

function node(reader: WireReader): NodeProto {
  const result: NodeProto = { name: '', opType: '', domain: '', inputs: [], outputs: [], attributes: [] };
  reader.fields((field, value) => {
    if (field === 1) result.inputs.push(value.string());
    else if (field === 2) result.outputs.push(value.string());
    else if (field === 3) result.name = value.string();
    else if (field === 4) result.opType = value.string();
    else if (field === 5) result.attributes.push(attribute(value.message()));
    else if (field === 7) result.domain = value.string();
  });
  return result;
}

function attribute(reader: WireReader): AttributeProto {
  let name = '';
  let type = 0;
  let float = 0;
  let int = 0;
  let string = '';
  let tensorValue: TensorProto | undefined;
  const floats: number[] = [];
  const ints: number[] = [];
  const strings: string[] = [];
  reader.fields((field, value) => {
    if (field === 1) name = value.string();
    else if (field === 2) float = value.float();
    else if (field === 3) int = value.int();
    else if (field === 4) string = value.string();
    else if (field === 5) tensorValue = tensor(value.message());
    else if (field === 7) extend(floats, value.floats());
    else if (field === 8) extend(ints, value.ints());
    else if (field === 9) strings.push(value.string());
    else if (field === 20) type = value.int();
  });
  const content: Record<number, AttributeContent> = {
    1: { kind: 'float', value: float },
    2: { kind: 'int', value: int },
    3: { kind: 'string', value: string },
    6: { kind: 'floats', value: floats },
    7: { kind: 'ints', value: ints },
    8: { kind: 'strings', value: strings },
  };
  if (type === 4 && tensorValue !== undefined) return { name, kind: 'tensor', value: tensorValue };
  return { name, ...(content[type] ?? { kind: 'unsupported', value: type }) };
}

function tensor(reader: WireReader): TensorProto {
  const dims: number[] = [];
  const result: TensorProto = { name: '', dims, dataType: 0 };
  let location = 0;
  const external: Record<string, string> = {};
  reader.fields((field, value) => {
    if (field === 1) extend(dims, value.ints());
    else if (field === 2) result.dataType = value.int();
    else if (field === 4) result.floats = extend(result.floats ?? [], value.floats());
    else if (field === 5 || field === 7) result.ints = extend(result.ints ?? [], value.bigints());
    else if (field === 8) result.name = value.string();
    else if (field === 9) result.raw = value.bytes();
    else if (field === 10) result.doubles = extend(result.doubles ?? [], value.doubles());
    else if (field === 13) entry(value.message(), external);
    else if (field === 14) location = value.int();
  });
  if (location === 1) result.external = external;
  return result;
}

/** In place, entry by entry: a packed run may hold more numbers than a call takes arguments. */
function extend<T>(list: T[], items: readonly T[]): T[] {
  for (const item of items) list.push(item);
  return list;
}

function valueInfo(reader: WireReader): ValueInfoProto {
  const result: ValueInfoProto = { name: '', elementType: 0 };
  reader.fields((field, value) => {
    if (field === 1) result.name = value.string();
    else if (field === 2) {
      value.message().fields((kind, type) => {
        if (kind === 1) tensorType(type.message(), result);
      });
    }
  });
  return result;
}

function tensorType(reader: WireReader, into: ValueInfoProto): void {
  reader.fields((field, value) => {
    if (field === 1) into.elementType = value.int();
    else if (field === 2) {
      const shape: (number | string | null)[] = [];
      value.message().fields((kind, dim) => {
        if (kind === 1) shape.push(dimension(dim.message()));
      });
      into.shape = shape;
    }
  });
}

function dimension(reader: WireReader): number | string | null {
  let result: number | string | null = null;
  reader.fields((field, value) => {
    if (field === 1) result = value.int();
    else if (field === 2) result = value.string();
  });
  return result;
}
