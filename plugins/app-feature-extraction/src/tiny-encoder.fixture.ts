import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { encoderFamily } from '@zooid/nn';
import { writeModel } from '@zooid/onnx';
import { Random } from '@zooid/tensor';
import { newTokenizerFiles, tokenizerFromVocab } from '@zooid/tokenizers';
import { compileInference, compileProgram, declareParameters, type ModelBuilder } from '@zooid/trainer';

const words = [
  '[PAD]',
  '[UNK]',
  '[CLS]',
  '[SEP]',
  '[MASK]',
  'a',
  'fine',
  'film',
  'dull',
  'and',
  'long',
  '##er',
  '.',
  ':',
  'query',
];

const config = {
  model_type: 'bert',
  architectures: ['BertModel'],
  vocab_size: words.length,
  hidden_size: 16,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 32,
  max_position_embeddings: 16,
};

/** The graph of a random encoder; `output` is the name it gives its states. */
export function tinyGraph(output = 'last_hidden_state'): Uint8Array {
  const family = encoderFamily(config);
  const build: ModelBuilder = (context) => ({
    outputs: { [output]: family.build(context, family.parse(config)).lastHiddenState },
  });
  const random = new Random(3);
  const { parameters } = compileProgram({ name: 'declare', mode: 'evaluate', build });
  const weights = new Map(
    declareParameters({ declared: parameters, random }).map(({ name, shape, data }) => {
      const stream = random.fork('more', name);
      // Wide enough that inputs make a difference.
      const values = name.endsWith('orm.weight') ? data : data.map((value) => value + 0.3 * stream.normal());
      return [name, { dtype: 'float32' as const, dims: shape, data: values }];
    }),
  );
  return writeModel(compileInference({ build, outputs: [output], weights }));
}

/** A folder as it lies on the Hub; `files` are added to it. */
export async function writeEncoderFolder(
  folder: string,
  files: Readonly<Record<string, string | Uint8Array>> = {},
): Promise<void> {
  const tokenizer = newTokenizerFiles(tokenizerFromVocab(words), { maxLength: 512 });
  const all = {
    'config.json': JSON.stringify(config),
    'onnx/model.onnx': tinyGraph(),
    ...Object.fromEntries(tokenizer),
    ...files,
  };
  for (const [name, content] of Object.entries(all)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
}

/** Files of sentence-transformers: cls pooling, vectors of length 1, and prompts. */
export const sentenceFiles: Readonly<Record<string, string>> = {
  'modules.json': JSON.stringify([
    { idx: 0, name: '0', path: '', type: 'sentence_transformers.models.Transformer' },
    { idx: 1, name: '1', path: '1_Pooling', type: 'sentence_transformers.models.Pooling' },
    { idx: 2, name: '2', path: '2_Normalize', type: 'sentence_transformers.models.Normalize' },
  ]),
  '1_Pooling/config.json': JSON.stringify({ word_embedding_dimension: 16, pooling_mode_cls_token: true }),
  'config_sentence_transformers.json': JSON.stringify({ prompts: { query: 'query: ' } }),
};
