import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';
import type { DtoClass } from './dto.js';

/** The class that `@Type` names for `property` of `Class` or one of its ancestors; what schemas are generated from. */
export function nestedClass(Class: DtoClass, property: string): DtoClass | undefined {
  return defaultMetadataStorage.findTypeMetadata(Class, property)?.typeFunction() as DtoClass | undefined;
}

/** As class-transformer numbers it. */
const plainToClass = 0;

/** Whether class-transformer does more to `property` than to copy it or to build its `@Type`. */
export function isTransformed(Class: DtoClass, property: string): boolean {
  return (
    defaultMetadataStorage.getStrategy(Class) !== 'none' ||
    defaultMetadataStorage.getExposedMetadatas(Class).length > 0 ||
    defaultMetadataStorage.getExcludedMetadatas(Class).length > 0 ||
    defaultMetadataStorage.findTransformMetadatas(Class, property, plainToClass).length > 0 ||
    defaultMetadataStorage.findTypeMetadata(Class, property)?.options?.discriminator !== undefined
  );
}
