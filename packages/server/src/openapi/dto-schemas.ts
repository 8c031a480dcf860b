import { type DtoClass, nestedClass } from '@zooid/spec';
import { ValidationTypes } from 'class-validator';
import { targetConstructorToSchema } from 'class-validator-jsonschema';
import type { Schema } from '../routes/route.js';

/**
 * Turns DTO classes into component schemas, nested ones included. Two classes of the same name, from two plugins,
 * become two components.
 */
export class DtoSchemas {
  readonly components: Record<string, Schema> = {};
  private readonly names = new Map<DtoClass, string>();

  /** A reference to the component of `Class`, which is added when it is new. */
  reference(Class: DtoClass): Schema {
    return { $ref: `#/components/schemas/${this.names.get(Class) ?? this.add(Class)}` };
  }

  private add(Class: DtoClass): string {
    const name = this.freeName(Class.name || 'Body');
    this.names.set(Class, name); // before its members: a class may hold itself
    const schema = targetConstructorToSchema(Class, {
      additionalConverters: {
        [ValidationTypes.NESTED_VALIDATION]: ({ target, propertyName }) => {
          const nested = nestedClass(target as DtoClass, propertyName);
          return nested === undefined ? {} : this.reference(nested);
        },
      },
    }) as Schema;
    this.components[name] = withDefaults({ type: 'object', ...schema, additionalProperties: false }, Class);
    return name;
  }

  private freeName(wanted: string): string {
    for (let n = 1; ; n++) {
      const name = n === 1 ? wanted : `${wanted}${n}`;
      if (!(name in this.components) && ![...this.names.values()].includes(name)) return name;
    }
  }
}

/** A property with a default is not required, and the default is worth showing. */
function withDefaults(schema: Schema, Class: DtoClass): Schema {
  const properties = { ...(schema.properties as Record<string, object> | undefined) };
  let required = (schema.required as string[] | undefined) ?? [];
  for (const [name, value] of Object.entries(new Class())) {
    if (value === undefined || properties[name] === undefined) continue;
    properties[name] = { ...properties[name], default: value };
    required = required.filter((other) => other !== name);
  }
  const { required: _, ...rest } = schema;
  return { ...rest, properties, ...(required.length > 0 && { required }) };
}
