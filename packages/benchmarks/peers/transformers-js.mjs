// Loads a model folder in @huggingface/transformers, from local files only, and prints what it makes of texts.
//
//   echo '{"folder": "/models/m", "texts": ["a"], "loads": {"fp32": {"dtype": "fp32"}}}' | node transformers-js.mjs
//
// `loads` are options of `from_pretrained` by name. Prints {"inputIds": [[…]], "logits": {"fp32": [[…]]}}.
import { basename, dirname } from 'node:path';
import { text } from 'node:stream/consumers';
import { AutoModelForSequenceClassification, AutoTokenizer, env } from '@huggingface/transformers';

const { folder, texts, loads } = JSON.parse(await text(process.stdin));
env.allowRemoteModels = false;
env.localModelPath = dirname(folder);
const name = basename(folder);

const tokenizer = await AutoTokenizer.from_pretrained(name, { local_files_only: true });
const inputs = await tokenizer(texts, { padding: true });
const logits = {};
for (const [load, options] of Object.entries(loads)) {
  const model = await AutoModelForSequenceClassification.from_pretrained(name, { ...options, local_files_only: true });
  const output = await model(inputs);
  logits[load] = output.logits.tolist();
  await model.dispose();
}
const inputIds = inputs.input_ids.tolist().map((row) => row.map(Number));
process.stdout.write(JSON.stringify({ inputIds, logits }));
