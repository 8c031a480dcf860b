import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createKernel } from '@zooid/kernel';
import { createServer } from '@zooid/server';
import express from 'express';

const modelzoo = fileURLToPath(new URL('../../../modelzoo', import.meta.url));

const kernel = await createKernel({
  plugins: ['app-intent', 'backend-onnx', 'store-local'],
  config: { settings: { 'store-local': { roots: [modelzoo] } } },
});
try {
  await kernel.endpoints.open('speaker', 'intent-zh-speaker');
  const zooid = createServer({ kernel });

  const app = express();
  app.use(express.json()); // harmless: a body that was read already is taken as it is
  app.get('/hello', (_request, response) => void response.send('from the program itself'));
  app.use('/nlp', zooid.mount());
  const http = app.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;

  console.log(await (await fetch(`${url}/hello`)).text());
  const ask = async (inputs: string): Promise<void> => {
    const response = await fetch(`${url}/nlp/v1/apps/speaker`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ inputs }),
    });
    const { outputs, code } = (await response.json()) as { outputs?: { intent: string }[]; code?: string };
    console.log(response.status, outputs?.map(({ intent }) => intent).join(' ') ?? code);
  };
  await ask('明天北京会下雨吗');
  await ask('');
  console.log((await fetch(`${url}/nlp/readyz`)).status);

  http.close(); // first no new connections,
  await zooid.close(); // then what was begun,
} finally {
  await kernel[Symbol.asyncDispose](); // then the model
}
