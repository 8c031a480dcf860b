import type { Issue } from '@zooid/common';
import type { DeclaredParameter } from '../module-context.js';

/** How names of checkpoints are read. */
export interface CheckpointNames {
  /** The name our modules declare for a tensor of the checkpoint. */
  canonicalName(name: string): string;
  /** Another canonical name under which a parameter may be found when its own is missing. */
  alternativeName(name: string): string | undefined;
}

export interface CheckpointMatch {
  /** The checkpoint's name of every parameter that was found in the right shape. */
  readonly found: ReadonlyMap<string, string>;
  readonly missing: readonly DeclaredParameter[];
  readonly misshapen: readonly { readonly parameter: DeclaredParameter; readonly dims: readonly number[] }[];
  /** The checkpoint's names of tensors that no parameter took. */
  readonly unused: readonly string[];
}

/** Finds the tensor of a checkpoint for each parameter of a model, by name and shape. Reads no numbers. */
export function matchCheckpoint(
  declared: readonly DeclaredParameter[],
  tensors: ReadonlyMap<string, { readonly dims: readonly number[] }>,
  names: CheckpointNames,
): CheckpointMatch {
  const sources = new Map<string, string>();
  for (const name of tensors.keys()) {
    const canonical = names.canonicalName(name);
    // A tensor that has the name already goes before one that only comes to it.
    if (name === canonical || !sources.has(canonical)) sources.set(canonical, name);
  }
  const found = new Map<string, string>();
  const missing: DeclaredParameter[] = [];
  const misshapen: { parameter: DeclaredParameter; dims: readonly number[] }[] = [];
  const taken = new Set<string>();
  for (const parameter of declared) {
    const alternative = names.alternativeName(parameter.name);
    const source = sources.get(parameter.name) ?? (alternative === undefined ? undefined : sources.get(alternative));
    if (source === undefined) {
      missing.push(parameter);
      continue;
    }
    taken.add(source);
    const { dims } = tensors.get(source)!;
    if (dims.join() === parameter.shape.join()) found.set(parameter.name, source);
    else misshapen.push({ parameter, dims });
  }
  return { found, missing, misshapen, unused: [...tensors.keys()].filter((name) => !taken.has(name)) };
}

/** What a match lacks, one issue a tensor. */
export function checkpointIssues({ missing, misshapen }: Pick<CheckpointMatch, 'missing' | 'misshapen'>): Issue[] {
  return [
    ...missing.map(({ name, shape }) => ({ path: '', message: `'${name}' [${shape.join(', ')}] is missing` })),
    ...misshapen.map(({ parameter: { name, shape }, dims }) => ({
      path: '',
      message: `'${name}' has shape [${dims.join(', ')}], the model needs [${shape.join(', ')}]`,
    })),
  ];
}
