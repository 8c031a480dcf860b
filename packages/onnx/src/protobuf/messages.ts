/** The parts of `onnx.proto` that graphs use, as plain data. Field numbers are in the codecs. */
export interface ModelProto {
  irVersion: number;
  producerName: string;
  producerVersion: string;
  opsets: { domain: string; version: number }[];
  metadata: Record<string, string>;
  graph: GraphProto;
}

export interface GraphProto {
  name: string;
  nodes: NodeProto[];
  initializers: TensorProto[];
  inputs: ValueInfoProto[];
  outputs: ValueInfoProto[];
  /** Types of values in between; exporters may leave them out. */
  valueInfos?: ValueInfoProto[];
}

export interface NodeProto {
  name: string;
  opType: string;
  domain: string;
  inputs: string[];
  outputs: string[];
  attributes: AttributeProto[];
}

export type AttributeProto = { name: string } & AttributeContent;
export type AttributeContent =
  | { kind: 'float'; value: number }
  | { kind: 'int'; value: number }
  | { kind: 'string'; value: string }
  | { kind: 'tensor'; value: TensorProto }
  | { kind: 'floats'; value: readonly number[] }
  | { kind: 'ints'; value: readonly number[] }
  | { kind: 'strings'; value: readonly string[] }
  /** Subgraphs and the like: named so that the error can say so. */
  | { kind: 'unsupported'; value: number };

export interface TensorProto {
  name: string;
  dims: readonly number[];
  dataType: number;
  /** Little-endian elements, or one of the typed lists below, or `external`. */
  raw?: Uint8Array;
  floats?: number[];
  ints?: bigint[];
  doubles?: number[];
  external?: Record<string, string>;
}

export interface ValueInfoProto {
  name: string;
  /** 0 when the value is no tensor. */
  elementType: number;
  /** `null` is a dim of which nothing is said; no shape at all means unknown rank. */
  shape?: (number | string | null)[];
}

/** AttributeProto.AttributeType numbers. */
export const attributeTypes = { float: 1, int: 2, string: 3, tensor: 4, floats: 6, ints: 7, strings: 8 } as const;
