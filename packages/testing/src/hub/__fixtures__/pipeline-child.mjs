// A program as a reader would write it: a model by its name on the Hub, and one answer.
import { pipeline } from '@zooid/kernel';

const [task, reference, text] = process.argv.slice(2);
const classify = await pipeline(task, reference);
process.stdout.write(JSON.stringify(await classify(text)));
await classify[Symbol.asyncDispose]();
