import type { Endpoints } from '@zooid/kernel';
import { IsString, MinLength, validateDto } from '@zooid/spec';
import { RequestError } from '../errors.js';
import { type Call, json, type Route } from './route.js';
import { aliasesSchema, aliasSchema } from './schemas.js';

const maxContainers = 4;

class AliasBody {
  @IsString() @MinLength(1) target!: string;
}

/** `/v1/aliases`: other names of what is served. @param manages Whether they may be changed here. */
export function aliasRoutes(endpoints: Endpoints, manages: boolean): Route[] {
  const listing: Route = {
    method: 'GET',
    path: '/v1/aliases',
    id: 'listAliases',
    summary: 'Other names of what is served',
    successes: [{ status: 200, description: 'Alias → target', type: 'application/json', schema: aliasesSchema }],
    problems: [],
    handle: () => json(200, { aliases: endpoints.aliases }),
  };
  const path = '/v1/aliases/{alias}';
  const changes: Route[] = [
    {
      method: 'PUT',
      path,
      id: 'putAlias',
      summary: 'Points an alias at an app, a version of one, or another alias; requests in flight stay where they are',
      manages: true,
      requestSchema: aliasSchema,
      successes: [{ status: 200, description: 'All aliases', type: 'application/json', schema: aliasesSchema }],
      problems: [400, 403, 413, 415, 422],
      handle: async (call) => {
        const { target } = validateDto(AliasBody, await call.body(maxContainers), 'request');
        endpoints.setAliases({ ...endpoints.aliases, [aliasOf(call)]: target });
        return json(200, { aliases: endpoints.aliases });
      },
    },
    {
      method: 'DELETE',
      path,
      id: 'deleteAlias',
      summary: 'Removes an alias that no other leads to',
      manages: true,
      successes: [{ status: 204, description: 'Removed' }],
      problems: [403, 404, 422],
      handle: (call) => {
        const { [aliasOf(call)]: removed, ...others } = endpoints.aliases;
        if (removed === undefined) throw new RequestError('ENTRY_NOT_FOUND', `There is no alias '${aliasOf(call)}'`);
        endpoints.setAliases(others);
        return { status: 204 };
      },
    },
  ];
  return manages ? [listing, ...changes] : [listing];
}

const aliasOf = ({ parameters }: Call): string => parameters.alias ?? '';
