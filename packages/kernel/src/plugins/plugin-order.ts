import { type Plugin, PluginError, type ServiceIdentifier } from '@zooid/spec';

/** The readable end of a token: `Symbol(@zooid/spec/App)` → `App`. */
export function tokenName(token: ServiceIdentifier): string {
  if (typeof token === 'function') return token.name;
  const text = typeof token === 'symbol' ? (token.description ?? String(token)) : token;
  return text.slice(text.lastIndexOf('/') + 1);
}

/**
 * Sorts plugins so that each comes after all providers of what it requires; otherwise the given order stays.
 *
 * @param kernelTokens What the kernel itself provides.
 * @param available Plugins that could be loaded, for the advice in the message.
 * @throws PluginError for a name taken twice, a requirement nobody provides, or a cycle.
 */
export function orderPlugins(
  plugins: readonly Plugin[],
  kernelTokens: ReadonlySet<ServiceIdentifier>,
  available: readonly Plugin[],
): Plugin[] {
  refuseDuplicates(plugins);
  const providers = (token: ServiceIdentifier, from: readonly Plugin[]) =>
    from.filter((plugin) => plugin.provides.includes(token));

  const waitsFor = new Map<Plugin, Set<Plugin>>();
  for (const plugin of plugins) {
    const others = plugins.filter((other) => other !== plugin);
    const needed = new Set<Plugin>();
    for (const token of plugin.requires ?? []) {
      const found = providers(token, others);
      if (found.length === 0 && !kernelTokens.has(token)) throw missing(plugin, token, providers(token, available));
      for (const provider of found) needed.add(provider);
    }
    waitsFor.set(plugin, needed);
  }

  const ordered: Plugin[] = [];
  const done = new Set<Plugin>();
  while (ordered.length < plugins.length) {
    const next = plugins.find((plugin) => !done.has(plugin) && [...waitsFor.get(plugin)!].every((p) => done.has(p)));
    if (next === undefined)
      throw cycle(
        plugins.filter((plugin) => !done.has(plugin)),
        waitsFor,
      );
    ordered.push(next);
    done.add(next);
  }
  return ordered;
}

function refuseDuplicates(plugins: readonly Plugin[]): void {
  const seen = new Set<string>();
  for (const { name } of plugins) {
    if (seen.has(name)) throw new PluginError(name, `plugin '${name}' is loaded twice; name it once`);
    seen.add(name);
  }
}

function missing(plugin: Plugin, token: ServiceIdentifier, candidates: readonly Plugin[]): PluginError {
  const advice =
    candidates.length === 0
      ? 'load a plugin that provides it'
      : `load one of: ${candidates.map(({ name }) => name).join(', ')}`;
  return new PluginError(
    plugin.name,
    `plugin '${plugin.name}' requires ${tokenName(token)}, which no loaded plugin provides; ${advice}`,
  );
}

/** Walks from any stuck plugin along unmet needs until one repeats: that stretch is a cycle. */
function cycle(stuck: readonly Plugin[], waitsFor: ReadonlyMap<Plugin, ReadonlySet<Plugin>>): PluginError {
  const path: Plugin[] = [];
  let current = stuck[0]!;
  while (!path.includes(current)) {
    path.push(current);
    current = [...waitsFor.get(current)!].find((plugin) => stuck.includes(plugin))!;
  }
  const loop = [...path.slice(path.indexOf(current)), current].map(({ name }) => name);
  return new PluginError(
    current.name,
    `plugins require each other in a cycle: ${loop.join(' → ')}; leave one of them out, or split it in two`,
  );
}
