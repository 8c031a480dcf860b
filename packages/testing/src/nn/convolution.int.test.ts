import { convolution, GraphBuilder } from '@zooid/nn';
import { writeModel } from '@zooid/onnx';
import { runModel } from '@zooid/runtime';
import { Random, tensor } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';

const [input, output] = [3, 2];

describe('convolution', () => {
  it.each([
    [1, 4],
    [3, 5],
    [3, 1],
    [5, 2],
    [5, 7],
  ])('with kernel %d is the sum over the neighbours of %d states, zeros beyond the ends', async (kernel, length) => {
    const random = new Random(kernel * 10 + length);
    const draw = (count: number) => Array.from({ length: count }, () => random.normal());
    const [weight, bias, states] = [draw(output * input * kernel), draw(output), draw(2 * length * input)];
    const builder = new GraphBuilder({
      weights: new Map([
        ['weight', tensor('float32', weight, [output, input, kernel])],
        ['bias', tensor('float32', bias, [output])],
      ]),
    });
    const x = builder.graph.input('x', 'float32', ['batch', 'sequence', input]);
    builder.graph.output(convolution(builder, x, output, kernel), 'y');
    const { y } = await runModel(writeModel(builder.graph), { x: tensor('float32', states, [2, length, input]) });
    expect(y!.dims).toEqual([2, length, output]);

    const reach = (kernel - 1) / 2;
    const expected: number[] = [];
    for (let row = 0; row < 2; row++) {
      for (let place = 0; place < length; place++) {
        for (let o = 0; o < output; o++) {
          let sum = bias[o]!;
          for (let k = 0; k < kernel; k++) {
            const at = place + k - reach;
            if (at < 0 || at >= length) continue;
            for (let i = 0; i < input; i++) {
              sum += weight[(o * input + i) * kernel + k]! * states[(row * length + at) * input + i]!;
            }
          }
          expected.push(sum);
        }
      }
    }
    for (const [i, value] of expected.entries()) expect(y!.data[i]).toBeCloseTo(value, 5);
  });
});
