import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';
import type { DtoClass } from './dto.js';

/** The class that `@Type` names for `property` of `Class` or one of its ancestors; what schemas are generated from. */
export function nestedClass(Class: DtoClass, property: string): DtoClass | undefined {
  return defaultMetadataStorage.findTypeMetadata(Class, property)?.typeFunction() as DtoClass | undefined;
}
