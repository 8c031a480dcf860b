/** class-transformer publishes this file without declarations of its own. */
declare module 'class-transformer/cjs/storage.js' {
  type AnyClass = abstract new (...args: never[]) => unknown;

  export const defaultMetadataStorage: {
    findTypeMetadata(
      target: AnyClass,
      property: string,
    ): { readonly typeFunction: () => unknown; readonly options?: { readonly discriminator?: unknown } } | undefined;
    findTransformMetadatas(target: AnyClass, property: string, direction: number): readonly unknown[];
    getExposedMetadatas(target: AnyClass): readonly unknown[];
    getExcludedMetadatas(target: AnyClass): readonly unknown[];
    getStrategy(target: AnyClass): string;
  };
}
