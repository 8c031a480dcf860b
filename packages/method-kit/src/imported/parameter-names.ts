import type { EncoderFamily } from '@zooid/nn';
import { type Graph, graphParameters } from '@zooid/onnx';
import { tellsEncoder } from './hidden-state.js';

export interface NamingOptions {
  readonly graph: Graph;
  readonly family: EncoderFamily;
  /** The output that is the encoder's last hidden state, where it is known. */
  readonly states: string | undefined;
}

/**
 * The name under which a weight of an exported graph is trained and stored: the checkpoint's, with the family's prefix
 * before what belongs to the encoder. So a bare encoder's `embeddings.word_embeddings.weight` comes out as a checkpoint
 * with a head has it, no weight of an app's head can have the same name, and apps tell the two apart.
 */
export function parameterNames({ graph, family, states }: NamingOptions): (name: string) => string {
  const start = `${family.prefix}.`;
  const all = graphParameters(graph);
  // A graph that cannot be cut is one piece, unless its own names tell the encoder.
  const encoder =
    states !== undefined ? graphParameters(graph, { outputs: [states] }) : tellsEncoder(all, family) ? [] : all;
  const inEncoder = new Set(encoder.map(({ name }) => name));
  return (name) => {
    const known = family.canonicalName(name);
    return inEncoder.has(name) && !known.startsWith(start) ? start + known : known;
  };
}
