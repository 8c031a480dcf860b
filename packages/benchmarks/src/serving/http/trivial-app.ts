import { createKernel, type Kernel } from '@zooid/kernel';
import {
  App,
  type AppInstance,
  definePlugin,
  IsInt,
  Max,
  Min,
  type Model,
  ModelBackend,
  ModelStore,
  TextItem,
} from '@zooid/spec';

class TrivialParameters {
  @IsInt() @Min(1) @Max(5) times = 1;
}

/** Name under which the app is served. */
export const trivialName = 'trivial';

/** A kernel with an app that answers at once: what is left of a request is the server around it. */
export async function trivialKernel(): Promise<Kernel> {
  const app: App<TextItem, TrivialParameters> = {
    name: 'trivial',
    task: 'other',
    description: 'Says what it hears',
    item: TextItem,
    parameters: TrivialParameters,
    output: { type: 'object', properties: { text: { type: 'string' }, length: { type: 'integer' } } },
    open: async () =>
      ({
        run: async (items, { times }) => items.map(({ text }) => ({ text, length: text.length * times })),
        [Symbol.asyncDispose]: async () => {},
      }) satisfies AppInstance<TextItem, TrivialParameters>,
  };
  const store: ModelStore = {
    name: 'none',
    find: async (id) => ({ id, revision: `${id}-1`, folder: `/${id}`, config: {}, manifest: { app: 'trivial' } }),
    async *list() {},
  };
  const backend: ModelBackend = {
    name: 'none',
    supports: () => true,
    load: async (artifacts): Promise<Model> => ({
      artifacts,
      forward: async () => ({}),
      [Symbol.asyncDispose]: async () => {},
    }),
  };
  const plugin = definePlugin({
    name: 'trivial',
    provides: [App, ModelStore, ModelBackend],
    register({ bind }) {
      bind(App).toConstantValue(app as App);
      bind(ModelStore).toConstantValue(store);
      bind(ModelBackend).toConstantValue(backend);
    },
  });
  const kernel = await createKernel({ plugins: [plugin] });
  await kernel.endpoints.open(trivialName, 'nothing');
  return kernel;
}
