import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeModelFolder } from '@zooid/hub';
import { describeStoreContract } from '@zooid/testing';
import { afterAll, beforeAll } from 'vitest';
import storeLocal from './index.js';

const root = mkdtempSync(join(tmpdir(), 'zooid-store-contract-'));
afterAll(() => rmSync(root, { recursive: true }));

beforeAll(async () => {
  for (const id of ['org/intact', 'damaged']) {
    await writeModelFolder(join(root, id), {
      config: { model_type: 'bert' },
      files: new Map([['onnx/model.onnx', 'graph']]),
      manifest: {
        id,
        app: 'intent',
        method: 'fine-tune',
        recipe: {},
        data: [],
        seeds: [1],
        metrics: {},
        createdWith: {},
      },
      card: '',
    });
  }
  writeFileSync(join(root, 'damaged/onnx/model.onnx'), 'grapf');
  mkdirSync(join(root, 'no-model'));
});

describeStoreContract(storeLocal, { settings: { roots: [root] }, known: 'org/intact', damaged: 'damaged' });
