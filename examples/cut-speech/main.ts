import { fileURLToPath } from 'node:url';
import appSentenceBoundary, { type SentenceOutput, SentenceStream } from '@zooid/app-sentence-boundary';
import backendOnnx from '@zooid/backend-onnx';
import { createKernel } from '@zooid/kernel';
import storeLocal from '@zooid/store-local';

const modelzoo = fileURLToPath(new URL('../../../modelzoo', import.meta.url));
await using kernel = await createKernel({
  plugins: [storeLocal, backendOnnx, appSentenceBoundary],
  config: { settings: { 'store-local': { roots: [modelzoo] } } },
});
await kernel.endpoints.open('sentences', 'sentence-boundary-zh');
const ask = async (item: object, parameters: object = {}) =>
  (await kernel.endpoints.run('sentences', [item], parameters)).outputs[0] as SentenceOutput;

// What a recogniser hears, bit by bit. It heard 条 first; nothing of that was final, so it may change its mind.
const stream = new SentenceStream(ask);
const hear = async (more: string) => show(more, await stream.append(more));
await hear('打开空条');
show('打开空调', await stream.revise('打开空调'));
await hear('明天天');
await hear('气怎么样');
await hear('帮我定个');
await hear('七点的闹钟');
show('', await stream.finish());

function show(heard: string, sentences: readonly { readonly text: string }[]): void {
  const final = sentences.map(({ text }) => text).join(' | ');
  console.log(`${heard || '(silence)'} → ${final || '…'}`);
}

// How likely is it that the speaker is done?
for (const text of ['打开空', '打开空调']) console.log(`${text}: ${(await ask({ text })).isComplete.toFixed(2)}`);

const { text } = await ask({ text: '你好我想找一家评分高的餐馆请问有推荐的吗' }, { mode: 'punct' });
console.log(text);
