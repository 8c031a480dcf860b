import { ValidationError } from '@zooid/common';
import { DuplicateNameError, UnknownNameError } from '@zooid/spec';
import { type Address, parseAddress } from './address.js';
import type { Endpoint } from './endpoint.js';

/** A name and the endpoints behind it: one without a version, or several that differ by it. */
interface Served {
  default: Endpoint;
  readonly versions: Endpoint[];
}

/** Finds endpoints by name, or by name and version. */
export class ServedNames {
  readonly #names = new Map<string, Served>();

  /** In the order in which their names came; the versions of a name together. */
  get endpoints(): readonly Endpoint[] {
    return [...this.#names.values()].flatMap(({ versions }) => versions);
  }

  /** Everything that `find` knows: `intent`, `intent@1`, `intent@2`. */
  get addresses(): readonly string[] {
    return [...this.#names].flatMap(([name, { versions }]) => {
      const exact = versions.map(({ address }) => address).filter((address) => address !== name);
      return [name, ...exact];
    });
  }

  has(address: string): boolean {
    return this.find(parseAddress(address)) !== undefined;
  }

  /** @throws DuplicateNameError, or ValidationError when one of the name has a version and another has none. */
  refuse(name: string, version: string | undefined): void {
    const served = this.#names.get(name);
    if (served === undefined) return;
    const isTaken = served.versions.some((other) => other.version === version);
    if (isTaken) throw new DuplicateNameError('endpoint', version === undefined ? name : `${name}@${version}`);
    if (version === undefined || served.versions.some((other) => other.version === undefined)) {
      const message = `'${name}' is served already, and of several endpoints of one name each needs a version`;
      throw new ValidationError('endpoint', [{ path: '/version', message }]);
    }
  }

  /** The first of a name is its default until another wants to be. */
  add(endpoint: Endpoint, isDefault: boolean): void {
    const served = this.#names.get(endpoint.name);
    if (served === undefined) this.#names.set(endpoint.name, { default: endpoint, versions: [endpoint] });
    else {
      served.versions.push(endpoint);
      if (isDefault) served.default = endpoint;
    }
  }

  remove(endpoint: Endpoint): void {
    const served = this.#names.get(endpoint.name);
    if (served === undefined) return;
    const left = served.versions.filter((other) => other !== endpoint);
    const [first] = left;
    if (first === undefined) this.#names.delete(endpoint.name);
    else {
      const { default: kept } = served;
      this.#names.set(endpoint.name, { default: kept === endpoint ? first : kept, versions: left });
    }
  }

  /** Every version of a name, the default one first. */
  versionsOf(name: string): readonly Endpoint[] {
    const served = this.#names.get(name);
    if (served === undefined) return [];
    return [served.default, ...served.versions.filter((other) => other !== served.default)];
  }

  /** Without a version the default one. The version of an endpoint that has none is its model's revision. */
  find({ name, version }: Address): Endpoint | undefined {
    const served = this.#names.get(name);
    if (version === undefined) return served?.default;
    return served?.versions.find((endpoint) => versionOf(endpoint) === version);
  }

  /** @throws UnknownNameError with the known names or versions and the nearest one. */
  unknown(requested: string, { name, version }: Address, aliases: readonly string[]): UnknownNameError {
    const served = this.#names.get(name);
    if (served === undefined || version === undefined) {
      return new UnknownNameError('endpoint', requested, [...this.addresses, ...aliases]);
    }
    return new UnknownNameError('version', version, served.versions.map(versionOf));
  }
}

/** The name of its version among those of its name. */
export function versionOf(endpoint: Endpoint): string {
  return endpoint.version ?? endpoint.model.revision;
}
