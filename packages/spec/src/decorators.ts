/**
 * The decorators a plugin needs, from the one copy that the kernel uses. A second copy of class-transformer would
 * make nested `@Type` vanish silently, so plugins import from here and never depend on these packages themselves.
 */
export { Exclude, Expose, Transform, Type } from 'class-transformer';
export {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayNotEmpty,
  ArrayUnique,
  Equals,
  IsArray,
  IsBoolean,
  IsDefined,
  IsEnum,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsObject,
  IsOptional,
  IsPositive,
  IsString,
  IsUrl,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  NotEquals,
  registerDecorator,
  ValidateBy,
  ValidateIf,
  ValidateNested,
  type ValidationArguments,
  type ValidationOptions,
} from 'class-validator';
export {
  type ContainerModuleLoadOptions,
  inject,
  injectable,
  multiInject,
  optional,
  postConstruct,
  preDestroy,
  type ServiceIdentifier,
} from 'inversify';
