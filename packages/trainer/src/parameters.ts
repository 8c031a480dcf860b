import { type DeclaredParameter, initialise } from '@zooid/nn';
import { GraphError } from '@zooid/onnx';
import type { ParameterDeclaration } from '@zooid/runtime';
import type { HostTensor, Random } from '@zooid/tensor';
import type { ParameterGroup } from './training-task.js';

/** The group of parameters that no wish matches. */
export const DEFAULT_GROUP = 'default';

export interface ParameterOptions {
  /** Declarations of all programs that share the store, in any order; equal names must agree. */
  readonly declared: readonly DeclaredParameter[];
  /** Starts new parameters; each depends on the seed and its name only. */
  readonly random: Random;
  /** Values to start from; what is missing here is initialised. */
  readonly weights?: ReadonlyMap<string, HostTensor<'float32'>> | undefined;
  readonly groups?: readonly ParameterGroup[];
  /** Parameters that stay as they are. */
  readonly frozen?: (parameterName: string) => boolean;
}

/** The parameter store of a session: one entry per name, with values (made anew on each reading) and optimizer group. */
export function declareParameters(options: ParameterOptions): ParameterDeclaration[] {
  const { random, weights, groups = [], frozen = () => false } = options;
  return [...mergeDeclared(options.declared).values()].map((parameter) => {
    const { name, shape } = parameter;
    const group = frozen(name) ? undefined : (groups.find(({ match }) => match(name))?.name ?? DEFAULT_GROUP);
    return {
      name,
      shape,
      // Made when a session asks, one after the other: all at once would be a second copy of a large model.
      get data() {
        return weights?.get(name)?.data ?? initialise(parameter, random);
      },
      ...(group === undefined ? {} : { group }),
    };
  });
}

/** One declaration per name. @throws GraphError when two programs disagree on a shape. */
export function mergeDeclared(declared: readonly DeclaredParameter[]): Map<string, DeclaredParameter> {
  const merged = new Map<string, DeclaredParameter>();
  for (const parameter of declared) {
    const known = merged.get(parameter.name);
    if (known !== undefined && known.shape.join() !== parameter.shape.join()) {
      throw new GraphError(
        `Programs disagree on '${parameter.name}': [${known.shape.join(', ')}] and [${parameter.shape.join(', ')}]`,
      );
    }
    if (known === undefined) merged.set(parameter.name, parameter);
  }
  return merged;
}
