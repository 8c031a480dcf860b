import { Command, InvalidArgumentError, Option } from 'commander';
import { type BenchOptions, bench } from './commands/bench.js';
import { cacheList, cachePrune, cacheVerify } from './commands/cache.js';
import type { CommandContext } from './commands/context.js';
import { doctor } from './commands/doctor.js';
import { env } from './commands/env.js';
import { type EvaluateOptions, evaluate } from './commands/evaluate.js';
import { type ExportOptions, exportVariants } from './commands/export.js';
import { list, listings } from './commands/list.js';
import { type PredictOptions, predict } from './commands/predict.js';
import { type PullSettings, pull } from './commands/pull.js';
import { type PushSettings, push } from './commands/push.js';
import { run } from './commands/run.js';
import { type ServeOptions, serve } from './commands/serve.js';
import { type TrainOptions, train } from './commands/train.js';
import { refuseUnavailable, unavailable } from './commands/unavailable.js';
import { parsePort } from './environment.js';
import type { GlobalOptions } from './host.js';
import type { Terminal } from './terminal.js';
import { readVersion } from './version.js';

const logLevels = ['debug', 'info', 'warn', 'error', 'silent'];

const modelHelp = 'id in a store, a folder, or org/name on the Hub';

/** The command line: what there is, what it takes and what it says about itself. Commands live in `commands/`. */
export function createProgram(terminal: Terminal): Command {
  const program = new Command('zooid')
    .description('Train and serve language models in TypeScript, without Python')
    .version(readVersion(), '-V, --version')
    .option('--plugin <name|path>', 'load this plugin too (repeatable)', collect, [])
    .option('--config <file>', 'configuration (default: zooid.yaml, when there is one)')
    .option('--json', 'print results as JSON')
    .option('--verbose', 'log more, and show stack traces')
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out.write(text),
      writeErr: (text) => terminal.err.write(text),
      outputError: (text, write) =>
        write(
          `zooid: ${text
            .replace(/^error: /, '')
            .trim()
            .replaceAll(/\s*\n\s*/g, ' ')}\n`,
        ),
    });
  const context = (): CommandContext => ({ terminal, options: program.opts<GlobalOptions>() });

  addListings(program, context);
  addTransfers(program, context);
  addTraining(program, context);
  addExport(program, context);
  addAnswering(program, context);
  addServing(program, context);
  for (const [name, { usage, summary }] of Object.entries(unavailable)) {
    program
      .command(`${name} [args...]`)
      .usage(usage)
      .description(`${summary} (needs a plugin)`)
      .allowUnknownOption()
      .action(() => refuseUnavailable(name as keyof typeof unavailable));
  }
  return program;
}

type Context = () => CommandContext;

function addListings(program: Command, context: Context): void {
  for (const [kind, { summary }] of Object.entries(listings)) {
    program
      .command(kind)
      .description(`list ${summary}`)
      .action(() => list(context(), kind as keyof typeof listings));
  }
}

function addTransfers(program: Command, context: Context): void {
  program
    .command('pull <model>')
    .description('fetch a model: org/name or org/name@revision on the Hub')
    .option('--include <glob>', 'files to fetch (repeatable; default: what serving and training need)', collect, [])
    .option('--exclude <glob>', 'files to leave out (repeatable)', collect, [])
    .action((model: string, options: PullSettings) => pull(context(), model, options));
  program
    .command('push <folder> <model>')
    .description('publish a model folder as org/name on the Hub')
    .option('--create', 'make the repository when there is none')
    .option('--private', 'with --create: only its owner sees it')
    .option('--message <text>', 'commit message')
    .option('--branch <name>', 'branch or refs/pr/N to commit to (default: main)')
    .action((folder: string, model: string, options: PushSettings) => push(context(), folder, model, options));
  const cache = program.command('cache').description('look after models that were fetched');
  cache
    .command('ls')
    .description('list models and their revisions')
    .action(() => cacheList(context()));
  cache
    .command('verify')
    .description('compare every stored content with its digest')
    .option('--remove', 'remove what is damaged, so that the next pull fetches it again')
    .action((options: { remove?: boolean }) => cacheVerify(context(), options));
  cache
    .command('prune')
    .description('list what no branch or tag leads to, and what broken transfers left')
    .option('--yes', 'remove it')
    .action((options: { yes?: boolean }) => cachePrune(context(), options));
}

function addTraining(program: Command, context: Context): void {
  program
    .command('train <recipe>')
    .description('train a model from a recipe')
    .option('--set <key=value>', 'override a value of the recipe (repeatable)', collect, [])
    .option('--output <dir>', 'model folder to create (default: runs/<recipe name>)')
    .option('--resume', 'go on with the run in the output folder')
    .action((recipe: string, options: TrainOptions) => train(context(), recipe, options));
  program
    .command('evaluate <model>')
    .description(`score a model (${modelHelp}) on labelled data`)
    .requiredOption('--data <file|dataset:split>', 'labelled examples')
    .option(
      '--report <dir>',
      'write a report: a page with the worst examples and what is confused with what, and every answer',
    )
    .action((model: string, options: EvaluateOptions) => evaluate(context(), model, options));
}

function addExport(program: Command, context: Context): void {
  comparing(program.command('export <model>'))
    .description(`write optimised forms of the graph of a model (${modelHelp}), each compared with the plain one`)
    .option('--variants <list>', 'which: fused, int8, fp16, q4, separated by commas', commaSeparated, ['fused', 'int8'])
    .option('--output <dir>', 'write into a copy of the model here; needed for models in a shared cache')
    .action((model: string, options: ExportOptions) => exportVariants(context(), model, options));
  comparing(program.command('bench <model>'))
    .description(`measure forms of the graph of a model (${modelHelp}), and what each loses against the plain one`)
    .option(
      '--variants <list>',
      'which: fp32, fused, int8, fp16, q4, separated by commas (default: all it has)',
      commaSeparated,
    )
    .option('--make', 'make those that the folder lacks, in a temporary copy of it')
    .option('--batch <list>', 'rows of a pass (default: 1,8)', positiveIntegers)
    .option('--length <list>', 'tokens of a row (default: 16,32,128)', positiveIntegers)
    .option('--threads <number>', 'within a pass (default: 1)', positiveInteger)
    .option('--seconds <number>', 'how long each form is measured at each size (default: 1)', share)
    .action((model: string, options: BenchOptions) => bench(context(), model, options));
}

/** Options about what forms of a model are compared on, and what they may lose. */
function comparing(command: Command): Command {
  return command
    .option('--data <file|dataset:split>', 'labelled examples (default: what it was validated on, if that is here)')
    .option('--examples <number>', 'how many of them at most (default: 2000)', positiveInteger)
    .option('--tolerance <points>', 'points of the metric that a form may lose (default: 0.5)', share)
    .option('--changed <share>', 'share of decisions that may change (default: 0.02)', share)
    .option('--difference <share>', 'how far outputs may be off, as a share (default: by variant)', share);
}

function addAnswering(program: Command, context: Context): void {
  program
    .command('predict <model>')
    .description(`answer every line of a file with a model (${modelHelp}), adding "prediction"`)
    .option('--input <file|->', 'data file', '-')
    .option('--output <file|->', 'JSON lines', '-')
    .option('--errors <file>', 'where refused lines go (default: <output>.errors.jsonl)')
    .option('--parameters <json>', "the app's parameters")
    .option('--batch <lines>', 'lines per batch', positiveInteger, 64)
    .option('--resume', 'go on where an earlier run with the same files stopped')
    .action((model: string, options: PredictOptions) => predict(context(), model, options));
  program
    .command('run <model> <text>')
    .description(`answer one text with a model (${modelHelp})`)
    .option('--parameters <json>', "the app's parameters")
    .action((model: string, text: string, options: { parameters?: string }) => run(context(), model, text, options));
}

function addServing(program: Command, context: Context): void {
  program
    .command('serve')
    .description('serve models over HTTP: those named here, else those in zooid.yaml, else all there are')
    .option('--model <name=model>', 'serve this model as name, or name@version (repeatable)', collect, [])
    .addOption(new Option('--port <number>', 'port (default: 3000; 0 picks one)').argParser(port))
    .option('--host <address>', 'address to bind (default: 127.0.0.1, this machine only)')
    .option('--api-keys <file>', 'keys that may call, one a line: [name=]key or hash')
    .option('--insecure', 'bind a public address without keys: something in front asks for them')
    .option('--rate-limit <number>', 'requests a minute from one address (default: not counted)', positiveInteger)
    .option('--deadline <milliseconds>', 'longest a request may take (default: 60000)', positiveInteger)
    .option('--cors-origin <origin>', 'let pages of this origin call (repeatable)', collect, [])
    .addOption(new Option('--log-level <level>', 'least level of log lines (default: info)').choices(logLevels))
    .option('--no-access-log', 'no line for every request')
    .action((options: ServeOptions) => serve(context(), options));
  program
    .command('doctor')
    .description('check that this machine has what Zooid needs')
    .action(() => doctor(context()));
  program
    .command('env')
    .description('print versions, folders and the environment variables that are read')
    .action(() => env(context()));
}

function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}

function commaSeparated(text: string): readonly string[] {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  if (names.length === 0) throw new InvalidArgumentError('Expected at least one name.');
  return names;
}

function positiveIntegers(text: string): readonly number[] {
  return commaSeparated(text).map(positiveInteger);
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0)) throw new InvalidArgumentError('Expected a number of at least 0.');
  return value;
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('Expected a positive whole number.');
  return value;
}

function port(text: string): number {
  return parsePort(text, '--port');
}
