import { setTimeout as sleep } from 'node:timers/promises';
import { AbortError, ValidationError } from '@zooid/common';
import { createKernel, type Kernel, type Limits } from '@zooid/kernel';
import {
  type AnswerContext,
  App,
  type AppInstance,
  ArrayMaxSize,
  type Collection,
  type CollectionEntry,
  definePlugin,
  IsArray,
  IsBoolean,
  IsInt,
  IsOptional,
  IsString,
  Max,
  Min,
  MinLength,
  type Model,
  ModelBackend,
  ModelStore,
  TextItem,
  Type,
  ValidateNested,
} from '@zooid/spec';

export class Entry {
  @IsString() @MinLength(1) surface!: string;
  @IsString() @MinLength(1) type!: string;
}

export class EchoItem extends TextItem {
  @IsOptional() @IsArray() @ArrayMaxSize(100) @ValidateNested({ each: true }) @Type(() => Entry) lexicon?: Entry[];
}

export class EchoParameters {
  @IsInt() @Min(1) @Max(5) times = 1;
  @IsInt() @Min(0) @Max(60_000) delayMs = 0;
  @IsBoolean() fail = false;
}

export class LexiconBody {
  @IsArray() @ValidateNested({ each: true }) @Type(() => Entry) entries!: Entry[];
}

/** What a test may look at and steer. */
export class EchoState {
  aborted = 0;
  running = 0;
  /** Of the last request. */
  urgency: number | undefined;
  readonly lexicons = new Map<string, CollectionEntry>();
}

class Lexicons implements Collection<LexiconBody> {
  readonly body = LexiconBody;
  constructor(private readonly state: EchoState) {}

  list() {
    return [...this.state.lexicons.values()];
  }

  async put(name: string, { entries }: LexiconBody) {
    if (entries.some(({ type }) => type === 'forbidden')) {
      throw new ValidationError('lexicon', [{ path: '/entries/0/type', message: 'is not a slot type of this model' }]);
    }
    const entry = { name, version: `v${entries.length}`, size: entries.length };
    this.state.lexicons.set(name, entry);
    return entry;
  }

  async delete(name: string) {
    return this.state.lexicons.delete(name);
  }
}

class EchoInstance implements AppInstance<EchoItem, EchoParameters, { echo: string; length: number }> {
  readonly collections;
  constructor(private readonly state: EchoState) {
    this.collections = { lexicons: new Lexicons(state) as Collection };
  }

  async run(
    items: readonly EchoItem[],
    { times, delayMs, fail }: EchoParameters,
    { signal, urgency }: AnswerContext = {},
  ) {
    this.state.urgency = urgency;
    if (fail) throw new Error('secret detail of /some/file.ts');
    const says = (text: string) => items.some((item) => item.text === text);
    const duration = says('never') ? 60_000 : says('fails late') ? 50 : delayMs;
    this.state.running++;
    try {
      await sleep(duration, undefined, signal === undefined ? {} : { signal });
    } catch (cause) {
      this.state.aborted++;
      throw new AbortError(undefined, { cause });
    } finally {
      this.state.running--;
    }
    if (says('fails late')) throw new Error('secret detail of /some/file.ts');
    return items.map(({ text }) => ({ echo: text.repeat(times), length: text.length }));
  }

  async [Symbol.asyncDispose]() {}
}

/**
 * A kernel that serves an app without any network behind it, under the names `echo` and `parrot`. The texts `never` and
 * `fails late` come true.
 */
export async function echoKernel(limits: Partial<Limits> = {}): Promise<{ kernel: Kernel; state: EchoState }> {
  const state = new EchoState();
  const app: App<EchoItem, EchoParameters> = {
    name: 'echo',
    task: 'text-generation',
    description: 'Says what it hears',
    item: EchoItem,
    parameters: EchoParameters,
    output: { type: 'object', properties: { echo: { type: 'string' }, length: { type: 'integer' } } },
    open: async () => new EchoInstance(state) as unknown as AppInstance<EchoItem, EchoParameters>,
  };
  const store: ModelStore = {
    name: 'fake',
    find: async (id) => ({ id, revision: `${id}-1`, folder: `/${id}`, config: {}, manifest: { app: 'echo' } }),
    async *list() {},
  };
  const backend: ModelBackend = {
    name: 'fake',
    supports: () => true,
    load: async (artifacts): Promise<Model> => ({
      artifacts,
      forward: async () => ({}),
      [Symbol.asyncDispose]: async () => {},
    }),
  };
  const plugin = definePlugin({
    name: 'echo',
    provides: [App, ModelStore, ModelBackend],
    register({ bind }) {
      bind(App).toConstantValue(app as App);
      bind(ModelStore).toConstantValue(store);
      bind(ModelBackend).toConstantValue(backend);
    },
  });
  const kernel = await createKernel({ plugins: [plugin], config: { limits } });
  await kernel.endpoints.open('echo', 'fake-model');
  await kernel.endpoints.open('parrot', 'fake-model');
  return { kernel, state };
}
