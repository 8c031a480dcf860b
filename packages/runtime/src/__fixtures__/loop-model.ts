/** As much of protobuf's wire format as a small graph takes. */
type Field = readonly [number: number, value: number | string | Uint8Array];

function message(...fields: readonly Field[]): Uint8Array {
  const bytes: number[] = [];
  for (const [field, value] of fields) {
    if (typeof value === 'number') bytes.push(...varint(field * 8), ...varint(value));
    else {
      const content = typeof value === 'string' ? new TextEncoder().encode(value) : value;
      bytes.push(...varint(field * 8 + 2), ...varint(content.length), ...content);
    }
  }
  return Uint8Array.from(bytes);
}

function varint(value: number): number[] {
  const bytes = [];
  for (; value > 0x7f; value = Math.floor(value / 128)) bytes.push((value % 128) | 0x80);
  return [...bytes, value];
}

const elementTypes = { float32: 1, int64: 7, bool: 9 } as const;

/** A `ValueInfoProto` of a scalar. */
function scalar(name: string, type: keyof typeof elementTypes): Uint8Array {
  return message([1, name], [2, message([1, message([1, elementTypes[type]], [2, message()])])]);
}

function node(opType: string, inputs: readonly string[], outputs: readonly string[], body?: Uint8Array): Uint8Array {
  return message(
    ...inputs.map((name): Field => [1, name]),
    ...outputs.map((name): Field => [2, name]),
    [4, opType],
    // AttributeProto: name, g, type GRAPH.
    ...(body === undefined ? [] : [[5, message([1, 'body'], [6, body], [20, 5])] as const]),
  );
}

/**
 * `y = x + x + …`, `rounds` times, as one Loop: with a large number a run that never ends, and that nothing inside this
 * process can end.
 */
export function loopModel(): Uint8Array {
  const body = message(
    [1, node('Identity', ['go'], ['goOn'])],
    [1, node('Add', ['sum', 'x'], ['nextSum'])],
    [2, 'body'],
    [11, scalar('round', 'int64')],
    [11, scalar('go', 'bool')],
    [11, scalar('sum', 'float32')],
    [12, scalar('goOn', 'bool')],
    [12, scalar('nextSum', 'float32')],
  );
  const graph = message(
    [1, node('Loop', ['rounds', '', 'x'], ['y'], body)],
    [2, 'loop'],
    [11, scalar('rounds', 'int64')],
    [11, scalar('x', 'float32')],
    [12, scalar('y', 'float32')],
  );
  return message([1, 8], [8, message([1, ''], [2, 17])], [7, graph]);
}
