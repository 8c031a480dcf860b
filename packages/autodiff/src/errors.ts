import { GraphError } from '@zooid/onnx';

/** An operator between the loss and a parameter has no derivative here. */
export class MissingGradientError extends GraphError {
  override readonly code = 'GRAPH_MISSING_GRADIENT';

  constructor(
    readonly op: string,
    /** Node names from the loss down to the node in question. */
    readonly path: readonly string[],
    reason = 'has no VJP rule',
  ) {
    super(
      `Operator ${op} ${reason}, and the loss depends on a parameter through it: ${path.join(' ← ')}; ` +
        'use an operator that has one, or cut the path with stopGradient',
    );
  }
}
