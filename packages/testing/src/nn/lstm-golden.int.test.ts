import { readFileSync } from 'node:fs';
import { GraphBuilder, lstm } from '@zooid/nn';
import { writeModel } from '@zooid/onnx';
import { runModel } from '@zooid/runtime';
import { allClose, tensor } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';

interface Case {
  readonly name: string;
  readonly layers: number;
  readonly bidirectional: boolean;
  readonly weights: Readonly<Record<string, { readonly dims: readonly number[]; readonly data: readonly number[] }>>;
  readonly x: readonly number[];
  readonly lengths: readonly number[];
  readonly full: readonly number[];
  readonly padded: readonly number[];
}

/** PyTorch's numbers; see `producedBy` in the file. */
const { cases } = JSON.parse(readFileSync(new URL('__golden__/lstm.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly Case[];
};
const hidden = 2;

describe('lstm', () => {
  it.each(cases.map((entry) => [entry.name, entry] as const))(
    "gives PyTorch's states in %s, for full rows and for rows of other lengths",
    async (_, { layers, bidirectional, weights, x, lengths, full, padded }) => {
      const builder = new GraphBuilder({
        weights: new Map(
          Object.entries(weights).map(([name, { dims, data }]) => [`lstm.${name}`, tensor('float32', data, dims)]),
        ),
      });
      const input = builder.graph.input('x', 'float32', ['batch', 'sequence', 3]);
      const rows = builder.graph.input('lengths', 'int32', ['batch']);
      const options = { hidden, layers, bidirectional };
      builder.graph.output(lstm(builder.child('lstm'), input, options), 'full');
      builder.graph.output(lstm(builder.child('lstm'), input, { ...options, lengths: rows }), 'padded');
      const names = builder.parameters.map(({ name }) => name);
      expect(names.sort()).toEqual(
        Object.keys(weights)
          .map((name) => `lstm.${name}`)
          .sort(),
      );

      const outputs = await runModel(writeModel(builder.graph), {
        x: tensor('float32', x, [3, 5, 3]),
        lengths: tensor('int32', lengths),
      });
      const dims = [3, 5, hidden * (bidirectional ? 2 : 1)];
      expect(outputs.full!.dims).toEqual(dims);
      expect(allClose(outputs.full!, tensor('float32', full, dims), { atol: 1e-6 })).toBe(true);
      expect(allClose(outputs.padded!, tensor('float32', padded, dims), { atol: 1e-6 })).toBe(true);
    },
  );
});
