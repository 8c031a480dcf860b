import { type VariantName, variants } from './variants.js';

/**
 * One variant in a process of its own, so that what it costs is all that is counted. It tells its URL, answers every
 * message with the microseconds of processor time it has used, and ends with its parent.
 */
const url = await variants[process.argv[2] as VariantName]();
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.(user + system);
});
process.on('disconnect', () => process.exit());
process.send?.(url);
