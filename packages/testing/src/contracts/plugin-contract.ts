import { ZooidError } from '@zooid/common';
import { createKernel, type Kernel } from '@zooid/kernel';
import { HostEnvironment, Logger, Models, type Plugin, PluginError, type ServiceIdentifier } from '@zooid/spec';
import { expect, it } from 'vitest';

/** What every plugin's conformance suite needs to load it. */
export interface PluginUnderTest {
  /** A valid configuration; needed when the plugin's has required keys. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Plugins that provide what it requires. */
  readonly with?: readonly Plugin[];
}

/** What the kernel provides by itself. */
const kernelTokens: readonly ServiceIdentifier[] = [Models, Logger, HostEnvironment];

/** A kernel with the plugin and its companions. */
export function startKernel(plugin: Plugin, { settings, with: companions = [] }: PluginUnderTest): Promise<Kernel> {
  return createKernel({
    plugins: [...companions, plugin],
    config: { ...(settings !== undefined && { settings: { [plugin.name]: settings } }) },
  });
}

/** Runs `work` on a fresh kernel and releases it whatever happens. */
export async function withKernel<T>(
  plugin: Plugin,
  options: PluginUnderTest,
  work: (kernel: Kernel) => Promise<T>,
): Promise<T> {
  const kernel = await startKernel(plugin, options);
  try {
    return await work(kernel);
  } finally {
    await kernel[Symbol.asyncDispose]();
  }
}

/** What holds for plugins of every kind; called inside the `describe` of each contract. */
export function itIsAPlugin(plugin: Plugin, options: PluginUnderTest): void {
  it('is named like a package and provides something', () => {
    expect(plugin.name).toMatch(/^[a-z][a-z0-9-]*$/);
    expect(plugin.provides.length).toBeGreaterThan(0);
  });

  const requires = (plugin.requires ?? []).filter((token) => !kernelTokens.includes(token));
  it.each(requires.map((token) => [String(token), token] as const))(
    'names %s when no loaded plugin provides it',
    async (_, token) => {
      const companions = (options.with ?? []).filter((companion) => !companion.provides.includes(token));
      const error = await rejection(startKernel(plugin, { ...options, with: companions }));
      expect(error).toBeInstanceOf(PluginError);
      const name = String(typeof token === 'symbol' ? token.description : token)
        .split('/')
        .at(-1);
      expect((error as Error).message).toContain(name);
    },
  );

  it('rejects unknown configuration keys', async () => {
    const settings = { ...options.settings, notAKeyOfThisPlugin: 1 };
    const error = await rejection(startKernel(plugin, { ...options, settings }));
    expect(codeOf(error)).toBe('VALIDATION_FAILED');
    expect((error as Error).message).toContain(plugin.name);
  });

  it('cannot be loaded twice', async () => {
    const error = await rejection(startKernel(plugin, { ...options, with: [...(options.with ?? []), plugin] }));
    expect((error as Error).message).toContain(`'${plugin.name}' is loaded twice`);
  });

  it('is released any number of times', async () => {
    const kernel = await startKernel(plugin, options);
    await kernel[Symbol.asyncDispose]();
    await expect(kernel[Symbol.asyncDispose]()).resolves.toBeUndefined();
  });
}

/** The error of a promise that must reject. */
export async function rejection(work: PromiseLike<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  return expect.fail('expected a rejection, but the promise was fulfilled');
}

/** The stable code of one of our errors, `undefined` for any other. */
export function codeOf(error: unknown): string | undefined {
  return ZooidError.is(error) ? error.code : undefined;
}
