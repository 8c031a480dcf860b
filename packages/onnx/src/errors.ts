import { ZooidError } from '@zooid/common';
import { formatShape, type Shape } from '@zooid/tensor';

/** A graph that cannot be built, read, checked or differentiated. */
export class GraphError extends ZooidError {
  readonly code: string = 'GRAPH_INVALID';
}

/** The inputs of an operator have shapes that it cannot take. */
export class ShapeMismatchError extends GraphError {
  override readonly code = 'GRAPH_SHAPE_MISMATCH';

  constructor(
    readonly op: string,
    /** A shape, or what the operator asks of one in words. */
    readonly expected: Shape | string,
    readonly actual: Shape,
  ) {
    super(
      `${op} expected ${typeof expected === 'string' ? expected : formatShape(expected)}, got ${formatShape(actual)}`,
    );
  }
}

/** An operator that the table does not know. */
export class UnsupportedOpError extends GraphError {
  override readonly code = 'GRAPH_UNSUPPORTED_OP';

  constructor(
    readonly op: string,
    readonly domain: string,
    readonly node?: string,
  ) {
    const where = node === undefined ? '' : ` (node '${node}')`;
    super(
      `Operator '${domain === '' ? '' : `${domain}.`}${op}'${where} is not in the operator table; rewrite it with ops that are, add a rule, or declare the type of what it gives (value_info)`,
    );
  }
}
