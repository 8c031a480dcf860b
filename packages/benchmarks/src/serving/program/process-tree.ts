import { readdirSync, readFileSync } from 'node:fs';

/** Processes that descend from `pid`, nearest first. Reads /proc, so it finds none elsewhere than on Linux. */
export function descendantsOf(pid: number): number[] {
  const childrenOf = new Map<number, number[]>();
  for (const name of readEntries('/proc')) {
    const child = Number(name);
    if (!Number.isInteger(child)) continue;
    const parent = parentOf(child);
    if (parent !== undefined) childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), child]);
  }
  const found: number[] = [];
  for (let nearest = [pid]; nearest.length > 0; ) {
    nearest = nearest.flatMap((parent) => childrenOf.get(parent) ?? []);
    found.push(...nearest);
  }
  return found;
}

/**
 * Resident memory of a process and all its descendants, in MiB. Pages that several of them share are counted in each,
 * so it is an upper bound.
 */
export function treeRssMiB(pid: number): number {
  const kilobytes = [pid, ...descendantsOf(pid)].reduce((sum, each) => sum + rssKiB(each), 0);
  return Math.round(kilobytes / 102.4) / 10;
}

/** Whether the process is there and not merely waiting for its parent to hear of its end. */
export function isAlive(pid: number): boolean {
  const state = /^State:\s+(\w)/m.exec(read(`/proc/${pid}/status`))?.[1];
  return state !== undefined && state !== 'Z' && state !== 'X';
}

function rssKiB(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
}

function parentOf(pid: number): number | undefined {
  // The second field is the program's name in parentheses, and may hold anything; the parent is the second after it.
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.length > 1 ? Number(fields[1]) : undefined;
}

/** Processes come and go while they are read. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function readEntries(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
