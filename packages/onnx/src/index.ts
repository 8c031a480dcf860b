export {
  type Attribute,
  type Attributes,
  type AttributeValue,
  floatAttribute,
  intAttribute,
  intsAttribute,
  stringAttribute,
  tensorAttribute,
} from './attributes.js';
export { checkGraph } from './check-graph.js';
export { dtypeCode, dtypeFromCode } from './data-types.js';
export { addDims, dimTerms, divideDims, multiplyDims, subtractDims } from './dims.js';
export { type Einsum, parseEinsum } from './einsum.js';
export { GraphError, ShapeMismatchError, UnsupportedOpError } from './errors.js';
export { type ExtractedGraph, extractGraph } from './extract-graph.js';
export { Graph, type GraphNode } from './graph.js';
export { type ImportGraphOptions, importGraph } from './import/import-graph.js';
export { type GraphParameter, graphParameters, type ParameterOptions } from './import/parameters.js';
export { isOp, type Op, type OpDomain, opDomain, type UnknownOp } from './ops/index.js';
export {
  type Affine,
  affineQuantization,
  dequantize,
  type QuantizedDType,
  quantize,
  roundHalfEven,
} from './passes/affine-quantization.js';
export { foldConstants } from './passes/fold-constants.js';
export { fuseGraph } from './passes/fuse-graph.js';
export { quantizeWeights, type WeightQuantizationOptions } from './passes/quantize-blockwise.js';
export { type DynamicQuantizationOptions, quantizeDynamic } from './passes/quantize-dynamic.js';
export { type SelectEarlyOptions, selectEarly } from './passes/select-early.js';
export { storeFloat16 } from './passes/store-float16.js';
export { widenFloat16 } from './passes/widen-float16.js';
export { type PruneOptions, pruneGraph } from './prune-graph.js';
export { type ReadModelOptions, readModel } from './read-model.js';
export { runtimeDim, runtimeShape } from './symbolic.js';
export { Value } from './value.js';
export {
  type ExternalDataOptions,
  type ExternalTensor,
  type WriteModelOptions,
  writeModel,
  writeModelWithExternalData,
} from './write-model.js';
