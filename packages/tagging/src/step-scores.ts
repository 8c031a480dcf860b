import { type HostTensor, toFloat32 } from '@zooid/tensor';
import type { StepScores } from './moves.js';

/** Reads the tensor that `crfTable` put into a graph. @throws RangeError when it has not `[size + 2, size]` elements. */
export function readStepScores(table: HostTensor, size: number): StepScores {
  const [rows, columns] = table.dims;
  if (table.dims.length !== 2 || rows !== size + 2 || columns !== size) {
    throw new RangeError(`transitions of ${size} tags must be [${size + 2}, ${size}], got [${table.dims.join(', ')}]`);
  }
  const values = toFloat32(table);
  return {
    transitions: values.subarray(0, size * size),
    start: values.subarray(size * size, size * (size + 1)),
    end: values.subarray(size * (size + 1)),
  };
}
