import type { EncoderConfig } from '@zooid/nn';
import type { HostTensor } from '@zooid/tensor';

/** Layers whose heads start as looks at neighbours; what lies above starts at random. */
const LOCAL_LAYERS = 2;
/** Deviation of the position table over that of the word table: places must stand out from words. */
const POSITION_SCALE = 2;
/** Of the projections; with it a neighbour starts with most of a head's attention. */
const GAIN = 2;

/**
 * Starting values with which an encoder looks at its neighbours: the position table holds the sinusoids of Vaswani et
 * al. 2017, §3.5, and query and key of the lowest layers compare them, turned by −1, +1, −2, +2 … places, one distance
 * a head. All of it is learned like any other value from there.
 *
 * From random values attention is spread evenly over a block, its gradient is faint, and masked language modelling
 * stays at word frequencies for millions of tokens before it finds that words depend on their neighbours. Attention
 * that starts as a convolution (Cordonnier et al. 2020; d'Ascoli et al. 2021, "ConViT") knows that from the first step.
 *
 * @returns weights by parameter name; what is not there starts at random.
 */
export function localAttention(config: EncoderConfig): ReadonlyMap<string, HostTensor<'float32'>> {
  const { hidden_size: width, max_position_embeddings: rows, initializer_range: std } = config;
  const weights = new Map([
    ['bert.embeddings.position_embeddings.weight', sinusoids(rows, width, POSITION_SCALE * std * Math.SQRT2)],
  ]);
  for (let layer = 0; layer < Math.min(LOCAL_LAYERS, config.num_hidden_layers); layer++) {
    const self = `bert.encoder.layer.${layer}.attention.self`;
    weights.set(
      `${self}.query.weight`,
      turnedPairs(config, () => 0),
    );
    weights.set(`${self}.key.weight`, turnedPairs(config, distanceOf));
  }
  return weights;
}

/** Heads 0, 1, 2, 3, … look at −1, +1, −2, +2, … */
export function distanceOf(head: number): number {
  const places = Math.floor(head / 2) + 1;
  return head % 2 === 0 ? -places : places;
}

/** Angle per place of the pair of columns `2 · pair`, `2 · pair + 1`. */
function frequency(pair: number, width: number): number {
  return 10_000 ** ((-2 * pair) / width);
}

/** `[rows, width]`: sine and cosine of the row's place in turn, a sine of amplitude a having the deviation a / √2. */
function sinusoids(rows: number, width: number, amplitude: number): HostTensor<'float32'> {
  const data = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < width; i++) {
      const angle = row * frequency(Math.floor(i / 2), width);
      data[row * width + i] = amplitude * (i % 2 === 0 ? Math.sin(angle) : Math.cos(angle));
    }
  }
  return { dtype: 'float32', dims: [rows, width], data };
}

/**
 * `[out, in]`: each head takes the fastest pairs of columns and turns them back by its distance, so that the product of
 * a plain query at i and a turned key at j is a sum of cos ω(i + distance − j), which is highest at j = i + distance.
 */
function turnedPairs(
  { hidden_size: width, num_attention_heads: heads }: EncoderConfig,
  distance: (head: number) => number,
): HostTensor<'float32'> {
  const data = new Float32Array(width * width);
  const size = width / heads;
  for (let head = 0; head < heads; head++) {
    for (let pair = 0; 2 * pair + 1 < size; pair++) {
      const angle = frequency(pair, width) * distance(head);
      const [cos, sin] = [GAIN * Math.cos(angle), GAIN * Math.sin(angle)];
      const [sine, cosine] = [2 * pair, 2 * pair + 1];
      const row = head * size + sine;
      data[row * width + sine] = cos;
      data[row * width + cosine] = -sin;
      data[(row + 1) * width + sine] = sin;
      data[(row + 1) * width + cosine] = cos;
    }
  }
  return { dtype: 'float32', dims: [width, width], data };
}
