import { AbortError } from '@zooid/common';
import {
  type App,
  type AppInstance,
  App as AppToken,
  type DtoClass,
  IsInt,
  IsOptional,
  Min,
  type Model,
  type OpenContext,
  type Plugin,
  TextItem,
} from '@zooid/spec';
import { pluginOf } from './plugin-of.js';

/** Parameters of the fake app. */
export class FakeParameters {
  /** How often the text is repeated. */
  @IsOptional()
  @IsInt()
  @Min(1)
  times = 1;
}

export interface FakeOutput {
  readonly text: string;
  readonly revision: string;
}

export interface FakeAppOptions {
  readonly name?: string;
  readonly item?: DtoClass<TextItem>;
  readonly capabilities?: ReadonlyMap<symbol, unknown>;
  /** Awaited in every run, before it answers. */
  readonly beforeRun?: (items: readonly TextItem[]) => void | Promise<void>;
  /** Awaited in every open; throw to refuse the model. */
  readonly beforeOpen?: (model: Model, context: OpenContext) => void | Promise<void>;
}

export interface FakeApp extends App<TextItem, FakeParameters, FakeOutput> {
  /** Instances that are open now. */
  readonly openInstances: number;
  /** Publishes this app. */
  readonly plugin: Plugin;
}

/** An app that answers with the text itself, repeated, and the revision of the model it runs on. */
export function fakeApp(options: FakeAppOptions = {}): FakeApp {
  const name = options.name ?? 'echo';
  let openInstances = 0;

  const open = async (
    model: Model,
    context: OpenContext,
  ): Promise<AppInstance<TextItem, FakeParameters, FakeOutput>> => {
    await options.beforeOpen?.(model, context);
    openInstances++;
    let isOpen = true;
    return {
      async run(items, { times }, runContext) {
        AbortError.throwIfAborted(runContext?.signal);
        await options.beforeRun?.(items);
        await model.forward({}, runContext);
        return items.map(({ text }) => ({ text: text.repeat(times), revision: model.artifacts.revision }));
      },
      async [Symbol.asyncDispose]() {
        if (isOpen) openInstances--;
        isOpen = false;
      },
    };
  };

  const app = {
    name,
    task: 'other' as const,
    description: 'Answers with the text itself',
    item: options.item ?? TextItem,
    parameters: FakeParameters,
    output: {
      type: 'object',
      required: ['text', 'revision'],
      properties: { text: { type: 'string' }, revision: { type: 'string' } },
    },
    ...(options.capabilities !== undefined && { capabilities: options.capabilities }),
    get openInstances() {
      return openInstances;
    },
    open,
  };
  return Object.assign(app, { plugin: pluginOf<App>(`app-${name}`, AppToken, app as App) });
}
