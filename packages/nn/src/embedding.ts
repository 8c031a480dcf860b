import type { Value } from '@zooid/onnx';
import { DEFAULT_STD, normal } from './initialise.js';
import type { ModuleContext } from './module-context.js';

/**
 * Rows of the table `weight` `[rows, width]`. The gather reads the parameter itself, so that autodiff can hand back
 * the gathered rows' gradient instead of a dense table.
 *
 * @param ids int64 `[...]` in `[0, rows)`
 * @returns `[..., width]`
 */
export function embedding(
  context: ModuleContext,
  ids: Value,
  rows: number,
  width: number,
  options: { readonly std?: number } = {},
): Value {
  return context.parameter('weight', [rows, width], normal(options.std ?? DEFAULT_STD)).gather(ids);
}
