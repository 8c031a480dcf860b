export { allClose, relativeL2, type Tolerance } from './compare.js';
export { type Dim, type DType, type DTypes, dtypeArrays, isDType, type Shape } from './dtype.js';
export { TensorError } from './errors.js';
export { float16BitsToFloat32, float32ToFloat16Bits, fromFloat16, toFloat16, toFloat32 } from './float16.js';
export { type HostTensor, scalarTensor, type TensorMap, tensor, toNumbers, zeros } from './host-tensor.js';
export { Random, type RandomState } from './random.js';
export { broadcastShapes, elementCount, formatShape, isAnonymousDim, isStaticShape } from './shape.js';
