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
export { GraphError, ShapeMismatchError, UnsupportedOpError } from './errors.js';
export { Graph, type GraphNode } from './graph.js';
export { isOp, type Op, type OpDomain, opDomain } from './ops/index.js';
export { type PruneOptions, pruneGraph } from './prune-graph.js';
export { type ReadModelOptions, readModel } from './read-model.js';
export { runtimeDim, runtimeShape } from './symbolic.js';
export { Value } from './value.js';
export {
  type ExternalDataOptions,
  type WriteModelOptions,
  writeModel,
  writeModelWithExternalData,
} from './write-model.js';
