import { describe, expect, it } from 'vitest';
import { benchCommand } from './command.js';
import { benchmarks } from './registry.js';

async function bench(...argv: string[]): Promise<{ status: number; out: string[]; err: string[] }> {
  const [out, err]: [string[], string[]] = [[], []];
  const status = await benchCommand(argv, { out: (line) => out.push(line), err: (line) => err.push(line) });
  return { status, out, err };
}

describe('bench', () => {
  it('reports a peer that is not installed, with what to install', async () => {
    const { status, out } = await bench('gradients', '--json', '--python', '/nonexistent/python3');
    expect(status).toBe(1);
    expect(out).toHaveLength(1);
    const report = JSON.parse(out[0]!);
    expect(report).toMatchObject({ name: 'gradients', ratio: null, target: 1e-5, ok: false });
    expect(report.details.peer).toMatch(/^not installed: none of \/nonexistent\/python3 .* apt-get install/);
    expect(report.details.machine).toMatchObject({
      node: process.version,
      onnxruntime: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    });
    expect(report.details.command).toBe('npm run bench -- gradients');
  });

  it('lists every benchmark under its own name', async () => {
    const { status, out } = await bench('--list', '--json');
    expect(status).toBe(0);
    expect(JSON.parse(out[0]!).map(({ name }: { name: string }) => name)).toEqual(Object.keys(benchmarks));
  });

  it.each([
    [[]],
    [['train-stepp']],
    [['gradients', 'train-step']],
    [['--jsno']],
    [['faults', '--scale', '0']],
    [['soak', '--minutes', 'x']],
  ])('refuses %j with the names there are', async (argv) => {
    const { status, out, err } = await bench(...argv);
    expect(status).toBe(2);
    expect(out).toEqual([]);
    expect(err.join()).toContain('npm run bench -- --list');
  });
});
