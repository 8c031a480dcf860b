import { definePlugin, type Plugin, type ServiceIdentifier } from '@zooid/spec';

/** A plugin that publishes finished objects under one token. */
export function pluginOf<T>(name: string, token: ServiceIdentifier<T>, ...services: readonly T[]): Plugin {
  return definePlugin({
    name,
    provides: [token],
    register({ bind }) {
      for (const service of services) bind(token).toConstantValue(service);
    },
  });
}
