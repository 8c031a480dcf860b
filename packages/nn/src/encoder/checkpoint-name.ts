export interface CheckpointNaming {
  readonly prefix: string;
  readonly otherPrefixes?: readonly string[];
  readonly layersPath: string;
  readonly pooler?: string;
  readonly projection?: { readonly path: string };
}

/**
 * The name under which our modules declare a checkpoint's tensor: with the family's prefix, without wrappers, and with
 * `weight` and `bias` where files that came from TensorFlow say `gamma` and `beta`.
 */
export function checkpointName(name: string, naming: CheckpointNaming): string {
  const bare = name.replace(/^module\./, '');
  const [first = '', ...rest] = bare.split('.');
  const prefixed = topLevel(naming).has(first)
    ? `${naming.prefix}.${bare}`
    : naming.otherPrefixes?.includes(first)
      ? [naming.prefix, ...rest].join('.')
      : bare;
  return prefixed.replace(/(norm|ln_\w+)\.gamma$/i, '$1.weight').replace(/(norm|ln_\w+)\.beta$/i, '$1.bias');
}

/** What stands directly below the prefix, and so begins the names of a base model saved without it. */
function topLevel({ layersPath, pooler, projection }: CheckpointNaming): ReadonlySet<string> {
  const paths = ['embeddings', layersPath, pooler, projection?.path];
  return new Set(paths.flatMap((path) => (path === undefined ? [] : [path.split('.')[0]!])));
}
