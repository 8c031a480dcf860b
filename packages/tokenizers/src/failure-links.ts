import type { Trie } from './trie.js';

/** Failure and output links, breadth first: a node's links depend on those of shorter paths alone. */
export function linkFailures(trie: Trie): { fail: Int32Array<ArrayBuffer>; output: Int32Array<ArrayBuffer> } {
  const { parents, labels } = trie.edges();
  const size = trie.size;
  const fail = new Int32Array(size);
  const output = new Int32Array(size).fill(-1);
  for (const node of byDepth(parents)) {
    if (node === 0) continue;
    const label = labels[node]!;
    const parent = parents[node]!;
    if (parent !== 0) {
      let suffix = fail[parent]!;
      let child = trie.step(suffix, label);
      while (child === -1 && suffix !== 0) {
        suffix = fail[suffix]!;
        child = trie.step(suffix, label);
      }
      fail[node] = Math.max(0, child);
    }
    const suffix = fail[node]!;
    output[node] = trie.value(suffix) === -1 ? output[suffix]! : suffix;
  }
  return { fail, output };
}

/** Nodes by distance from the root. Counting sort; parents come before their children in `parents` already. */
function byDepth(parents: Int32Array): Int32Array {
  const depths = new Int32Array(parents.length);
  let deepest = 0;
  for (let node = 1; node < parents.length; node++) {
    const depth = depths[parents[node]!]! + 1;
    depths[node] = depth;
    if (depth > deepest) deepest = depth;
  }
  const places = new Int32Array(deepest + 2);
  for (const depth of depths) places[depth + 1]!++;
  for (let depth = 0; depth <= deepest; depth++) places[depth + 1]! += places[depth]!;
  const order = new Int32Array(parents.length);
  for (let node = 0; node < parents.length; node++) order[places[depths[node]!]!++] = node;
  return order;
}
