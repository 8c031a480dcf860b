import {
  type AttributeProto,
  attributeTypes,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from './messages.js';
import { WireWriter } from './wire-writer.js';

/** `onnx.proto`, outside in. */
export function encodeModel(model: ModelProto): Uint8Array {
  const w = new WireWriter();
  w.int(1, model.irVersion);
  w.string(2, model.producerName);
  w.string(3, model.producerVersion);
  w.message(7, (inner) => graph(inner, model.graph));
  for (const { domain, version } of model.opsets) {
    w.message(8, (inner) => {
      inner.string(1, domain);
      inner.int(2, version);
    });
  }
  entries(w, 14, model.metadata);
  return w.finish();
}

function entries(w: WireWriter, field: number, record: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(record)) {
    w.message(field, (inner) => {
      inner.string(1, key);
      inner.string(2, value);
    });
  }
}

function graph(w: WireWriter, proto: GraphProto): void {
  for (const item of proto.nodes) w.message(1, (inner) => node(inner, item));
  w.string(2, proto.name);
  for (const item of proto.initializers) w.message(5, (inner) => tensor(inner, item));
  for (const item of proto.inputs) w.message(11, (inner) => valueInfo(inner, item));
  for (const item of proto.outputs) w.message(12, (inner) => valueInfo(inner, item));
  for (const item of proto.valueInfos ?? []) w.message(13, (inner) => valueInfo(inner, item));
}

function node(w: WireWriter, proto: NodeProto): void {
  for (const name of proto.inputs) w.string(1, name, true);
  for (const name of proto.outputs) w.string(2, name, true);
  w.string(3, proto.name);
  w.string(4, proto.opType);
  for (const item of proto.attributes) w.message(5, (inner) => attribute(inner, item));
  w.string(7, proto.domain);
}

function attribute(w: WireWriter, proto: AttributeProto): void {
  w.string(1, proto.name);
  switch (proto.kind) {
    case 'float':
      w.float(2, proto.value);
      break;
    case 'int':
      w.int(3, proto.value, true);
      break;
    case 'string':
      w.string(4, proto.value, true);
      break;
    case 'tensor':
      w.message(5, (inner) => tensor(inner, proto.value));
      break;
    case 'floats':
      for (const value of proto.value) w.float(7, value);
      break;
    case 'ints':
      // onnx.proto is proto2: repeated numbers of attributes are not packed.
      for (const value of proto.value) w.int(8, value, true);
      break;
    case 'strings':
      for (const value of proto.value) w.string(9, value, true);
      break;
    case 'unsupported':
      return;
  }
  w.int(20, attributeTypes[proto.kind]);
}

function tensor(w: WireWriter, proto: TensorProto): void {
  for (const dim of proto.dims) w.int(1, dim, true);
  w.int(2, proto.dataType);
  w.string(8, proto.name);
  if (proto.raw !== undefined) w.bytes(9, proto.raw);
  if (proto.external !== undefined) {
    entries(w, 13, proto.external);
    w.int(14, 1);
  }
}

function valueInfo(w: WireWriter, proto: ValueInfoProto): void {
  w.string(1, proto.name);
  w.message(2, (type) =>
    type.message(1, (tensorType) => {
      tensorType.int(1, proto.elementType);
      tensorType.message(2, (shape) => {
        for (const dim of proto.shape ?? []) {
          shape.message(1, (entry) => {
            if (typeof dim === 'number') entry.int(1, dim, true);
            else if (dim !== null) entry.string(2, dim);
          });
        }
      });
    }),
  );
}
