const bias = /(^|[._])bias(_\w+)?$/i;
const normalisation =
  /(^|\.)(\w*layer_?norm\w*|\w*batch_?norm\w*|\w*rms_?norm\w*|(\w+_)?norm\d*|ln(_\w+)?\d*)\.(weight|gamma|beta)$/i;

/**
 * Whether AdamW decays a parameter: everything but scalars, biases and the gains of normalisation layers, which are
 * recognised by their Hugging Face names. Decay pulls weights towards zero; a bias or a gain has no reason to be there.
 */
export function hasWeightDecay(name: string, shape: readonly number[]): boolean {
  if (shape.length === 0) return false;
  if (bias.test(name)) return false;
  // A matrix under such a name is a projection, not a gain.
  return !(shape.length === 1 && normalisation.test(name));
}
