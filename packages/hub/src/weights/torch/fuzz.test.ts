import { readFileSync } from 'node:fs';
import { Random } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { CheckpointError } from '../../errors.js';
import { memorySource } from '../byte-source.js';
import { openSource } from '../open-weights-file.js';
import { operations, refusedOperations } from '../pickle/operations.js';
import { PickleEndError } from '../pickle/pickle-reader.js';
import { unpickle } from '../pickle/unpickle.js';
import { TorchEnvironment } from './torch-environment.js';

const { cases } = JSON.parse(readFileSync(new URL('../__golden__/checkpoints.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly { readonly name: string; readonly file: string }[];
};
const files = cases.map(({ file }) => new Uint8Array(Buffer.from(file, 'base64')));

/** Reads everything; returns the bytes of all tensors. Anything but a CheckpointError is passed on and fails the test. */
async function readAll(bytes: Uint8Array): Promise<number | 'refused'> {
  try {
    await using weights = await openSource(memorySource(bytes, 'x.bin'));
    let total = 0;
    for (const tensor of weights.tensors.values()) total += (await tensor.read()).data.byteLength;
    return total;
  } catch (error) {
    if (error instanceof CheckpointError) return 'refused';
    throw error;
  }
}

/** What tensors of a file of this size may take: twice what it holds (bfloat16 widens), by at most four views, and 2 MiB. */
const allowance = (bytes: number) => 2 * 4 * 32 * bytes + 2 ** 21;

describe('a damaged or hostile checkpoint', () => {
  it('is read within bounds or refused with a CheckpointError, whatever bytes change', async () => {
    const random = new Random(2024);
    const counts = { read: 0, refused: 0 };
    for (let i = 0; i < 1500; i++) {
      const original = random.choice(files);
      let bytes = original.slice();
      switch (random.int(5)) {
        case 0:
          bytes = bytes.slice(0, random.int(bytes.length));
          break;
        case 1:
          for (let k = random.int(4); k >= 0; k--) bytes[random.int(bytes.length)]! ^= 1 << random.int(8);
          break;
        case 2:
          for (let k = random.int(8); k >= 0; k--) bytes[random.int(bytes.length)] = random.int(256);
          break;
        case 3: // The front of an old-format file and of data.pkl, where the opcodes are.
          for (let k = random.int(6); k >= 0; k--) bytes[random.int(Math.min(700, bytes.length))] = random.int(256);
          break;
        default:
          bytes.copyWithin(random.int(bytes.length), random.int(bytes.length), random.int(bytes.length));
      }
      const result = await readAll(bytes);
      if (result === 'refused') counts.refused++;
      else {
        counts.read++;
        expect(result).toBeLessThan(allowance(bytes.length));
      }
    }
    expect(counts.read).toBeGreaterThan(100);
    expect(counts.refused).toBeGreaterThan(600);
  });

  it('cannot make the pickle machine fail otherwise, whatever operations come', () => {
    const random = new Random(7);
    const known = [...operations.keys(), 0x2e];
    const all = [...known, ...refusedOperations.keys(), 0xff];
    const names = [
      'collections\nOrderedDict\n',
      'torch._utils\n_rebuild_tensor_v2\n',
      'torch\nFloatStorage\n',
      'os\nsystem\n',
    ];
    const outcomes = { value: 0, refused: 0, ended: 0 };
    for (let i = 0; i < 12_000; i++) {
      const program: number[] = [0x80, 2 + random.int(4)];
      for (let k = random.int(40); k >= 0; k--) {
        const code = random.choice(random.bernoulli(0.97) ? known : all);
        program.push(code);
        if (code === 0x63) program.push(...Buffer.from(random.choice(names)));
        else if (random.bernoulli(0.5)) program.push(random.int(random.bernoulli(0.7) ? 4 : 256));
      }
      program.push(0x2e);
      try {
        unpickle(Uint8Array.from(program), { subject: 'x', environment: new TorchEnvironment('x') });
        outcomes.value++;
      } catch (error) {
        if (error instanceof CheckpointError) outcomes.refused++;
        else if (error instanceof PickleEndError) outcomes.ended++;
        else throw error;
      }
    }
    expect(outcomes.value).toBeGreaterThan(100);
    expect(outcomes.refused).toBeGreaterThan(1000);
    expect(outcomes.ended).toBeGreaterThan(100);
  });
});
