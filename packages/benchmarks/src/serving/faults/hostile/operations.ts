/** JSON Schema, as far as the checks here read it. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

/** One operation of a server, as its /openapi.json describes it. */
export interface Operation {
  readonly method: string;
  /** With `{name}` for what a caller fills in. */
  readonly path: string;
  readonly takesBody: boolean;
  /** By status, as described; `500` is the form of all errors that are not. */
  readonly replies: ReadonlyMap<string, ReplyForm>;
}

export interface ReplyForm {
  readonly mediaType: string;
  readonly schema: Schema;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

interface Described {
  readonly requestBody?: unknown;
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> }>
  >;
}

/** Every operation of /openapi.json, templates and those of served apps alike. */
export async function operationsOf(url: string): Promise<readonly Operation[]> {
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as Document;
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { requestBody, responses }]): Operation => {
      const replies = Object.entries(responses).flatMap(([status, { content = {} }]) =>
        Object.entries(content).map(
          ([mediaType, { schema = {} }]) => [status, { mediaType, schema: resolve(document, schema) }] as const,
        ),
      );
      return { method: method.toUpperCase(), path, takesBody: requestBody !== undefined, replies: new Map(replies) };
    }),
  );
}

/** What `value` lacks to be as the schema says; `undefined` when nothing. Types, required members and what is in them. */
export function mismatch(value: unknown, schema: Schema, at = ''): string | undefined {
  const types = schema.type === undefined ? [] : [schema.type].flat();
  if (types.length > 0 && !types.some((type) => isOfType(value, type as string))) {
    return `${at || '/'} is not ${types.join(' or ')}`;
  }
  if (Array.isArray(value)) {
    return value.map((item, i) => schema.items && mismatch(item, schema.items, `${at}/${i}`)).find(Boolean);
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const missing = schema.required?.find((name) => !Object.hasOwn(value, name));
  if (missing !== undefined) return `${at}/${missing} is missing`;
  return Object.entries(schema.properties ?? {})
    .map(([name, inner]) =>
      Object.hasOwn(value, name) ? mismatch(value[name as never], inner, `${at}/${name}`) : undefined,
    )
    .find(Boolean);
}

function resolve({ components }: Document, { $ref, ...schema }: Schema): Schema {
  return $ref === undefined ? schema : components.schemas[$ref.slice($ref.lastIndexOf('/') + 1)]!;
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}
