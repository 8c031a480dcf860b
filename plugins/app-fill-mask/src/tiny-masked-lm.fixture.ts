import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bertEncoder, GraphBuilder, maskedLanguageModelHead, parseEncoderConfig } from '@zooid/nn';
import { writeModel } from '@zooid/onnx';
import { Random } from '@zooid/tensor';
import { tokenizerFromVocab } from '@zooid/tokenizers';
import { compileInference, declareParameters } from '@zooid/trainer';

export const vocabulary = [
  '[PAD]',
  '[UNK]',
  '[CLS]',
  '[SEP]',
  '[MASK]',
  ...'今天气很好明不下雨了吗',
  '##s',
  'rain',
  'sun',
];

const config = parseEncoderConfig({
  vocab_size: vocabulary.length,
  hidden_size: 16,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 16,
  max_position_embeddings: 16,
});

/** A model folder with a random masked language model. */
export async function writeTinyMaskedLm(folder: string): Promise<void> {
  const build = (context: GraphBuilder) => {
    const { lastHiddenState } = bertEncoder(context, config);
    return { outputs: { logits: maskedLanguageModelHead(context, config, lastHiddenState) } };
  };
  const builder = new GraphBuilder();
  build(builder);
  const parameters = declareParameters({ declared: builder.parameters, random: new Random(7) });
  const weights = new Map(
    parameters.map(({ name, shape, data }) => [name, { dtype: 'float32' as const, dims: shape, data }]),
  );
  const graph = compileInference({ build: (context) => build(context as GraphBuilder), outputs: ['logits'], weights });
  await mkdir(join(folder, 'onnx'), { recursive: true });
  await writeFile(join(folder, 'onnx/model.onnx'), writeModel(graph));
  await writeFile(
    join(folder, 'config.json'),
    JSON.stringify({ model_type: 'bert', architectures: ['BertForMaskedLM'], ...config }),
  );
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(tokenizerFromVocab(vocabulary, {}).toJSON()));
}
