import { UnavailableError } from '../errors.js';

/** Commands of the stable command line that need a plugin which is not there yet, and the kind of plugin. */
export const unavailable = {
  new: {
    usage: 'app|backend|method|project <name>',
    summary: 'start a plugin or a project from a scaffold',
    needs: 'a plugin with scaffolds for its kind',
  },
} as const;

/** @throws UnavailableError always: a command that does nothing must not look as if it did. */
export function refuseUnavailable(command: keyof typeof unavailable): never {
  throw new UnavailableError(
    `'${command}' needs ${unavailable[command].needs}, and no loaded plugin provides it; add one with --plugin or in zooid.yaml`,
  );
}
