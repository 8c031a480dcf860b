import { type EncoderOutput, GraphBuilder, initialise, type ModuleContext, normal, paddingBias } from '@zooid/nn';
import { pruneGraph, type Value, writeModel } from '@zooid/onnx';
import { runModel } from '@zooid/runtime';
import { type HostTensor, Random, type TensorMap, tensor } from '@zooid/tensor';
import { checkGradients } from '@zooid/testing';
import { describe, expect, it } from 'vitest';
import { FusionOptions, gateModes, poolingModes } from '../options.js';
import { SlotLabels } from '../slot-labels.js';
import { fuseSlots } from './fusion.js';

const [SEQUENCE, HIDDEN] = [4, 8];
const labels = new SlotLabels(['album', 'song']);
const optionsOf = (options: Partial<FusionOptions> = {}): FusionOptions =>
  Object.assign(new FusionOptions(), { slotSize: 4, sharedSize: 4, heads: 2 }, options);

const normals = (dims: readonly number[], seed: number): HostTensor<'float32'> => {
  const random = new Random(seed);
  const size = dims.reduce((a, b) => a * b, 1);
  return tensor(
    'float32',
    Float32Array.from({ length: size }, () => random.normal()),
    dims,
  );
};
const int64 = (values: readonly (readonly (readonly number[])[])[]): HostTensor<'int64'> =>
  tensor('int64', values.flat(2), [values.length, values[0]!.length, values[0]![0]!.length]);

/** The block on given encoder states, without an encoder. */
function encoderStub(hidden: Value, attentionMask: Value): EncoderOutput {
  return { lastHiddenState: hidden, attentionMask, attnBias: paddingBias(attentionMask) } as EncoderOutput;
}

interface Inputs {
  readonly hidden: HostTensor<'float32'>;
  readonly slot_ids: HostTensor<'int64'>;
  readonly attention_mask?: HostTensor<'int64'>;
}

/** Everything the block computes, with random weights that depend on their names only. */
async function fuse({ hidden, slot_ids, attention_mask }: Inputs, options = optionsOf()): Promise<TensorMap> {
  const emit = (context: ModuleContext) => {
    const tokens = ['batch', 'sequence'] as const;
    const encoder = encoderStub(
      context.input('hidden', 'float32', [...tokens, HIDDEN]),
      context.input('attention_mask', 'int64', tokens),
    );
    return fuseSlots(context.child('fusion'), encoder, labels, options);
  };
  const declaring = new GraphBuilder();
  emit(declaring);
  const random = new Random(11);
  const weights = new Map(
    declaring.parameters.map((parameter) => {
      const data = initialise({ ...parameter, initializer: normal(0.5) }, random);
      return [parameter.name, tensor('float32', data, parameter.shape)];
    }),
  );
  const builder = new GraphBuilder({ weights });
  for (const [name, value] of Object.entries(emit(builder))) builder.graph.output(value, name);
  const graph = pruneGraph(builder.graph);
  const [batch, sequence] = hidden.dims as [number, number];
  const mask = attention_mask ?? tensor('int64', Array<number>(batch * sequence).fill(1), [batch, sequence]);
  const feeds: TensorMap = { hidden, slot_ids, attention_mask: mask };
  const wanted = graph.inputs.map(({ name }) => [name, feeds[name]!] as const);
  return runModel(writeModel(graph), Object.fromEntries(wanted));
}

const values = (outputs: TensorMap, name = 'states') => outputs[name]!.data as Float32Array;
const worst = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  a.length === b.length ? Math.max(...Array.from(a, (x, i) => Math.abs(x - b[i]!))) : Number.POSITIVE_INFINITY;

const hidden = normals([1, SEQUENCE, HIDDEN], 1);
const slots = int64([
  [
    [1, 0],
    [6, 2],
    [7, 9],
    [8, 1],
  ],
]);
const modes = ['add', 'attention', 'gated', 'full'] as const;
const variants = poolingModes.flatMap((pooling) => gateModes.map((gate) => ({ pooling, gate })));

describe('slot-gated fusion', () => {
  it.each(poolingModes)('does not care in which order a position lists its labels (%s pooling)', async (pooling) => {
    const options = optionsOf({ pooling });
    const permuted = int64([
      [
        [0, 1],
        [2, 6],
        [9, 7],
        [1, 8],
      ],
    ]);
    const [a, b] = await Promise.all([
      fuse({ hidden, slot_ids: slots }, options),
      fuse({ hidden, slot_ids: permuted }, options),
    ]);
    expect(worst(values(a), values(b))).toBeLessThanOrEqual(1e-6);
  });

  it.each(poolingModes)('sees no difference in how many empty places follow (%s pooling)', async (pooling) => {
    const options = optionsOf({ pooling });
    const wider = int64([
      [
        [1, 0, 0, 0],
        [6, 0, 2, 0],
        [7, 9, 0, 0],
        [0, 0, 8, 1],
      ],
    ]);
    const [a, b] = await Promise.all([
      fuse({ hidden, slot_ids: slots }, options),
      fuse({ hidden, slot_ids: wider }, options),
    ]);
    expect(worst(values(a), values(b))).toBeLessThanOrEqual(1e-6);
  });

  it('sees no difference in repeated labels when it pools by maximum', async () => {
    const repeated = int64([
      [
        [1, 1, 1],
        [6, 2, 6],
        [7, 9, 9],
        [8, 1, 0],
      ],
    ]);
    const [a, b] = await Promise.all([fuse({ hidden, slot_ids: slots }), fuse({ hidden, slot_ids: repeated })]);
    expect(worst(values(a), values(b))).toBeLessThanOrEqual(1e-6);
  });

  it('depends on the text only when every label is NONE, however many places there are', async () => {
    const none = (width: number) =>
      int64([Array.from({ length: SEQUENCE }, () => [1, ...Array<number>(width - 1).fill(0)])]);
    const [one, eight] = await Promise.all([fuse({ hidden, slot_ids: none(1) }), fuse({ hidden, slot_ids: none(8) })]);
    expect(worst(values(one), values(eight))).toBeLessThanOrEqual(1e-6);
    // Equal slots everywhere: each position attends to the same thing, so its context says nothing about the text.
    const context = values(one, 'slotContext');
    for (let position = 1; position < SEQUENCE; position++) {
      const here = context.subarray(position * HIDDEN, (position + 1) * HIDDEN);
      expect(worst(here, context.subarray(0, HIDDEN))).toBeLessThanOrEqual(1e-6);
    }
  });

  it('lets every label count', async () => {
    const base = values(await fuse({ hidden, slot_ids: slots }));
    const other = values(
      await fuse({
        hidden,
        slot_ids: int64([
          [
            [1, 0],
            [6, 3],
            [7, 9],
            [8, 1],
          ],
        ]),
      }),
    );
    expect(worst(base, other)).toBeGreaterThan(1e-4);
  });

  it.each(modes)('gives a padded row what it gives the row alone (%s)', async (mode) => {
    const options = optionsOf({ mode });
    const length = 3;
    const alone = normals([1, length, HIDDEN], 2);
    const padded = tensor('float32', Float32Array.of(...hidden.data, ...alone.data, ...normals([HIDDEN], 9).data), [
      2,
      SEQUENCE,
      HIDDEN,
    ]);
    const mask = tensor('int64', [1, 1, 1, 1, 1, 1, 1, 0], [2, SEQUENCE]);
    const rowSlots = [
      [1, 0],
      [2, 5],
      [1, 0],
    ];
    const both = await fuse(
      {
        hidden: padded,
        slot_ids: int64([
          [
            [1, 0],
            [6, 2],
            [7, 9],
            [8, 1],
          ],
          [...rowSlots, [1, 0]],
        ]),
        attention_mask: mask,
      },
      options,
    );
    const single = await fuse({ hidden: alone, slot_ids: int64([rowSlots]) }, options);
    const row = values(both).slice(SEQUENCE * HIDDEN, (SEQUENCE + length) * HIDDEN);
    expect(worst(row, values(single))).toBeLessThanOrEqual(1e-5);
    expect(
      worst(values(both).slice(0, SEQUENCE * HIDDEN), values(await fuse({ hidden, slot_ids: slots }, options))),
    ).toBeLessThanOrEqual(1e-5);
  });

  it.each(variants)('keeps the gate inside (0, 1) ($pooling pooling, $gate gate)', async ({ pooling, gate }) => {
    const outputs = await fuse({ hidden, slot_ids: slots }, optionsOf({ pooling, gate }));
    const g = values(outputs, 'gate');
    expect(g).toHaveLength(gate === 'scalar' ? SEQUENCE : SEQUENCE * HIDDEN);
    expect(g.every((x) => x > 0 && x < 1)).toBe(true);
  });

  it.each(['vector', 'scalar'] as const)('mixes between text and slots, element by element (%s gate)', async (gate) => {
    const outputs = await fuse({ hidden, slot_ids: slots }, optionsOf({ gate, mode: 'gated' }));
    const [fused, context] = [values(outputs, 'fused'), values(outputs, 'slotContext')];
    fused.forEach((value, i) => {
      const [h, c] = [hidden.data[i]!, context[i]!];
      expect(value).toBeGreaterThanOrEqual(Math.min(h, c) - 1e-6);
      expect(value).toBeLessThanOrEqual(Math.max(h, c) + 1e-6);
    });
  });

  it('adds gated slots to the text with the additive gate', async () => {
    const outputs = await fuse({ hidden, slot_ids: slots }, optionsOf({ gate: 'additive', mode: 'gated' }));
    const [fused, context, gate] = ['fused', 'slotContext', 'gate'].map((name) => values(outputs, name));
    const expected = hidden.data.map((h, i) => h + gate![i]! * context![i]!);
    expect(worst(fused!, expected)).toBeLessThanOrEqual(1e-6);
  });

  it('starts as the plain encoder: the gate open for text, nothing added', () => {
    const declared = (options: Partial<FusionOptions>) => {
      const context = new GraphBuilder();
      const [hidden, mask] = [
        context.input('h', 'float32', ['batch', 'sequence', HIDDEN]),
        context.input('m', 'int64', ['batch', 'sequence']),
      ];
      fuseSlots(context.child('fusion'), encoderStub(hidden, mask), labels, optionsOf(options));
      return new Map(context.parameters.map(({ name, initializer }) => [name, initializer]));
    };
    expect(declared({}).get('fusion.gate.dense.bias')).toEqual({ kind: 'constant', value: 2 });
    expect(declared({ gate: 'scalar' }).get('fusion.gate.score.bias')).toEqual({ kind: 'constant', value: 2 });
    expect(declared({ gate: 'additive' }).get('fusion.slot_output.weight')).toEqual({ kind: 'normal', std: 0 });
    expect(declared({}).get('fusion.slot_output.weight')).toEqual({ kind: 'normal', std: 0.02 });
  });

  it('reads labels of untrained types as the mean of the trained ones, place by place', async () => {
    const untrained = labels.id('podcast', 'B');
    const rows = await fuse(
      { hidden, slot_ids: int64([[[1], [untrained], [1], [1]]]) },
      optionsOf({ pooling: 'mean' }),
    );
    const both = [labels.id('album', 'B'), labels.id('song', 'B')];
    const mean = await fuse(
      { hidden, slot_ids: int64([[[1, 0], both, [1, 0], [1, 0]]]) },
      optionsOf({ pooling: 'mean' }),
    );
    expect(worst(values(rows), values(mean))).toBeLessThanOrEqual(1e-6);
  });
});

describe('gradients of the fusion block', () => {
  /** Random directions through each tensor. */
  const DIRECTIONS = 1;

  /** Emits the block with its parameters taken from `values` instead of declared. */
  const emit = (values: Readonly<Record<string, Value>>, graph: Value['graph'], options: FusionOptions) => {
    const scope = (path: string): ModuleContext => ({
      graph,
      path,
      training: true,
      child: (name) => scope(path === '' ? name : `${path}.${name}`),
      withParameterView: () => scope(path),
      withLinearView: () => scope(path),
      linearOutput: (_input, output) => output,
      parameter: (name) => values[path === '' ? name : `${path}.${name}`]!,
      dropout: (x) => x,
      input: (name) => values[name]!,
      scalar: (name) => values[name]!,
      boundary: () => {},
    });
    return fuseSlots(scope(''), encoderStub(values.hidden!, values.attention_mask!), labels, options).states;
  };
  const parametersOf = (options: FusionOptions): Record<string, HostTensor<'float32'>> => {
    const context = new GraphBuilder({ training: true });
    const tokens = ['batch', 'sequence'] as const;
    const [h, m] = [context.input('h', 'float32', [...tokens, HIDDEN]), context.input('m', 'int64', tokens)];
    fuseSlots(context, encoderStub(h, m), labels, options);
    const random = new Random(23);
    return Object.fromEntries(
      context.parameters.map((parameter) => {
        const data = initialise({ ...parameter, initializer: normal(0.5) }, random);
        return [parameter.name, tensor('float32', data, parameter.shape)];
      }),
    );
  };

  it.each([
    ['the default', {}],
    ['mean pooling and the scalar gate', { pooling: 'mean', gate: 'scalar' }],
    ['attention pooling and the additive gate', { pooling: 'attn', gate: 'additive' }],
  ] as const)('agree with central differences: %s', async (_, variant) => {
    const options = optionsOf(variant);
    const points: Record<string, HostTensor<'float32'>> = { hidden, ...parametersOf(options) };
    const names = Object.keys(points);
    // Element by element it would take thousands of evaluations; a wrong element shows in a random direction as well.
    const directions = names.map(
      (name, i) => [`${name}/directions`, normals([DIRECTIONS, ...points[name]!.dims], 40 + i)] as const,
    );
    const comparisons = await checkGradients({
      inputs: Object.fromEntries(names.map((name) => [name, tensor('float32', Array<number>(DIRECTIONS).fill(0))])),
      constants: {
        ...Object.fromEntries(names.map((name) => [`${name}/point`, points[name]!])),
        ...Object.fromEntries(directions),
        slot_ids: slots,
        attention_mask: tensor('int64', [1, 1, 1, 1], [1, SEQUENCE]),
      },
      build: (given, graph) => {
        const moved = names.map((name) => {
          const along = given[name]!.reshape([DIRECTIONS, ...points[name]!.dims.map(() => 1)]);
          return [name, given[`${name}/point`]!.add(along.mul(given[`${name}/directions`]!).sum([0], false))] as const;
        });
        return emit({ ...given, ...Object.fromEntries(moved) }, graph, options);
      },
    });
    expect(comparisons.map(({ input }) => input)).toEqual(names);
    for (const { input, worst, numeric } of comparisons) {
      expect(worst, input).toBeLessThan(5e-3);
      // A bias on all keys shifts the scores of a query alike, which softmax does not see.
      const matters = input !== 'attention.key.bias';
      if (matters) expect(Math.max(...numeric.data.map(Math.abs)), input).toBeGreaterThan(1e-3);
    }
  });
});
