import { fileURLToPath } from 'node:url';
import { createKernel } from '@zooid/kernel';
import { createServer, ServerConfig } from '@zooid/server';

const modelzoo = fileURLToPath(new URL('../../../modelzoo', import.meta.url));

const kernel = await createKernel({
  plugins: ['app-intent', 'backend-onnx', 'store-local'],
  config: { settings: { 'store-local': { roots: [modelzoo] } } },
});
try {
  await kernel.endpoints.open('speaker', 'intent-zh-speaker');
  const config = Object.assign(new ServerConfig(), { port: 0 });
  await using server = createServer({ kernel, config }); // draining on the way out
  const { url } = await server.listen();

  const ask = async (body: object): Promise<void> => {
    const response = await fetch(`${url}/v1/apps/speaker`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const answer = (await response.json()) as { outputs?: { intent: string }[]; errors?: { pointer: string }[] };
    const short = answer.outputs?.map(({ intent }) => intent) ?? answer.errors?.map(({ pointer }) => pointer);
    console.log(response.status, short?.join(' '));
  };
  await ask({ inputs: '明天北京会下雨吗' });
  await ask({ inputs: ['来一首周杰伦的晴天吧', { text: '把客厅的灯打开' }] });
  await ask({ inputs: ['早上好', ''], parameters: { topk: 3 } });
} finally {
  await kernel[Symbol.asyncDispose]();
}
