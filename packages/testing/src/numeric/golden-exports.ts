import { readFileSync } from 'node:fs';

/** A graph that PyTorch exported, by its file in `__golden__/exports` without `.onnx`: `bert-11`. The script there tells what it is. */
export function goldenExport(name: string): Uint8Array {
  return readFileSync(new URL(`./__golden__/exports/${name}.onnx`, import.meta.url));
}
