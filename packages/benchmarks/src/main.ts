import { benchCommand } from './command.js';

process.exitCode = await benchCommand(process.argv.slice(2), { out: console.log, err: console.error });
