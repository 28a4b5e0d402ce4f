// The Merkle tree of RFC 6962 §2.1; verifications by RFC 9162 §2.1.3.2 and §2.1.4.2. Sizes beyond 2^53 cannot occur.

import { joined, same } from "./bytes.js";
import { sha256 } from "./hashing.js";

export function leafHash(leaf) {
  return sha256(joined(Uint8Array.of(0), leaf));
}

export function nodeHash(left, right) {
  return sha256(joined(Uint8Array.of(1), left, right));
}

const isOdd = (number) => number % 2 === 1;
const half = (number) => Math.floor(number / 2);

/** Whether `path` shows that the leaf of hash `leaf` is at `index` of the tree of `size` with that root. */
export async function includes(leaf, index, size, path, root) {
  if (!(index >= 0 && index < size)) return false;
  let place = index;
  let last = size - 1;
  let found = leaf;
  for (const sibling of path) {
    if (last === 0) return false;
    if (isOdd(place) || place === last) {
      found = await nodeHash(sibling, found);
      while (!isOdd(place) && place !== 0) [place, last] = [half(place), half(last)];
    } else {
      found = await nodeHash(found, sibling);
    }
    [place, last] = [half(place), half(last)];
  }
  return last === 0 && same(found, root);
}

/** Whether `path` shows that the tree of `old` leaves is the beginning of the one of `now` leaves. */
export async function continues(old, now, path, oldRoot, newRoot) {
  if (!(old > 0 && old <= now)) return false;
  if (old === now) return path.length === 0 && same(oldRoot, newRoot);
  const isPowerOfTwo = Number.isInteger(Math.log2(old));
  const steps = isPowerOfTwo ? [oldRoot, ...path] : path;
  if (steps.length === 0) return false;
  let place = old - 1;
  let last = now - 1;
  while (isOdd(place)) [place, last] = [half(place), half(last)];
  let older = steps[0];
  let newer = steps[0];
  for (const sibling of steps.slice(1)) {
    if (last === 0) return false;
    if (isOdd(place) || place === last) {
      older = await nodeHash(sibling, older);
      newer = await nodeHash(sibling, newer);
      while (!isOdd(place) && place !== 0) [place, last] = [half(place), half(last)];
    } else {
      newer = await nodeHash(newer, sibling);
    }
    [place, last] = [half(place), half(last)];
  }
  return last === 0 && same(older, oldRoot) && same(newer, newRoot);
}

/** The root over leaf hashes. */
export async function rootOf(hashes) {
  if (hashes.length === 0) return sha256(new Uint8Array(0));
  const edge = [];
  for (let count = 0; count < hashes.length; count += 1) {
    let node = hashes[count];
    for (let left = count; isOdd(left); left = half(left)) node = await nodeHash(edge.pop(), node);
    edge.push(node);
  }
  let found = edge.pop();
  while (edge.length) found = await nodeHash(edge.pop(), found);
  return found;
}
