/** class-transformer publishes this file without declarations of its own. */
declare module 'class-transformer/cjs/storage.js' {
  export const defaultMetadataStorage: {
    findTypeMetadata(
      target: abstract new (...args: never[]) => unknown,
      property: string,
    ): { readonly typeFunction: () => unknown } | undefined;
  };
}
