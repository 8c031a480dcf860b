import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parseAllDocuments } from 'yaml';

const read = (name: string) => readFile(fileURLToPath(new URL(`../${name}`, import.meta.url)), 'utf8');

/** Checks the manifests, also after you changed them, against the schemas beside them. */
for (const name of ['kubernetes', 'kserve']) {
  const fits = new Ajv2020({ allErrors: true }).compile(JSON.parse(await read(`schemas/${name}.json`)) as object);
  for (const document of parseAllDocuments(await read(`${name}.yaml`))) {
    const { kind } = document.toJS() as { kind: string };
    const isFit = document.errors.length === 0 && fits(document.toJS());
    console.log(`${name}.yaml: ${kind} ${isFit ? 'fits' : `does not fit: ${JSON.stringify(fits.errors)}`}`);
    if (!isFit) process.exitCode = 1;
  }
}
