// The whole log, leaf by leaf: the published folder (checkpoint, tile/…) or the same addresses of the site.

import { Broken, textOf, toHex } from "./bytes.js";
import { openLeaf } from "./leaf.js";
import { leafHash, rootOf } from "./merkle.js";
import { openCheckpoint } from "./note.js";

const WIDTH = 256;
const HASH = 32;
const MONEY = ["1001", "1002", "1009"];

/** The address of a tile: "tile/0/x001/234.p/5". */
export function tilePath(level, number, width) {
  const digits = String(number).padStart(Math.ceil(String(number).length / 3) * 3, "0");
  const groups = digits.match(/.{3}/g);
  const path = groups.map((group, place) => (place < groups.length - 1 ? `x${group}` : group)).join("/");
  return `tile/${level}/${path}${width < WIDTH ? `.p/${width}` : ""}`;
}

function leavesOf(bundle) {
  const leaves = [];
  for (let place = 0; place < bundle.length; ) {
    const start = place + 2;
    const end = start + bundle[place] * 256 + (bundle[place + 1] || 0);
    if (end > bundle.length) return null;
    leaves.push(bundle.slice(start, end));
    place = end;
  }
  return leaves;
}

/** The first place where the leaves are not those whose hashes the tiles keep, named. */
function firstDifference(found, recorded) {
  const places = new Map(recorded.map((hash, place) => [hash, place]));
  for (let at = 0; at < recorded.length; at += 1) {
    if (found[at] === recorded[at]) continue;
    const other = found[at] === undefined ? undefined : places.get(found[at]);
    if (other > at && found[other] === recorded[at]) return new Broken("swapped_records", { index: at, other });
    if (other === at + 1 || at >= found.length) return new Broken("missing_record", { index: at });
    if (found[at + 1] === recorded[at]) return new Broken("added_record", { index: at });
    return new Broken("altered_leaf", { index: at });
  }
  return found.length > recorded.length ? new Broken("added_record", { index: recorded.length }) : null;
}

function checkEntry(record, state) {
  state.number += 1;
  if (record.number !== state.number) {
    throw new Broken("number_gap", { index: record.index, number: record.number, expected: state.number });
  }
  const sides = new Map();
  for (const row of record.body.postings) {
    sides.set(row.earmark, (sides.get(row.earmark) || 0) + row.debit - row.credit);
    if (MONEY.includes(row.account)) state.held += row.debit - row.credit;
  }
  if ([...sides.values()].some((value) => value !== 0)) {
    throw new Broken("unbalanced_entry", { index: record.index, number: record.number });
  }
}

/** Check everything that `read(path)` (bytes, or null) finds, from the signature to every leaf.
 *
 * Returns {checkpoint, entries, held}: the entries of the books and the money held after them, in fen. Broken names the
 * first thing that is wrong. `progress(done, size)` is called now and then.
 */
export async function auditLog(read, key, progress) {
  const signed = await read("checkpoint");
  if (!signed) throw new Broken("missing_file", { path: "checkpoint" });
  const checkpoint = await openCheckpoint(textOf(signed), key);
  const { size } = checkpoint;
  const hashes = [];
  const recorded = [];
  const texts = [];
  for (let number = 0; number * WIDTH < size; number += 1) {
    const width = Math.min(WIDTH, size - number * WIDTH);
    const paths = ["entries", 0].map((level) => tilePath(level, number, width));
    const [bundle, tile] = await Promise.all(paths.map(read));
    if (!bundle || !tile) throw new Broken("missing_file", { path: bundle ? paths[1] : paths[0] });
    const leaves = leavesOf(bundle);
    if (!leaves || tile.length !== width * HASH) throw new Broken("cut_file", { path: leaves ? paths[1] : paths[0] });
    hashes.push(...(await Promise.all(leaves.map(leafHash))));
    texts.push(...leaves);
    for (let at = 0; at < tile.length; at += HASH) recorded.push(toHex(tile.slice(at, at + HASH)));
    if (leaves.length !== width) break; // what follows is shifted: the comparison below names the place
    if (progress) progress(Math.min(size, (number + 1) * WIDTH), size);
  }
  const difference = firstDifference(hashes.map(toHex), recorded);
  if (difference) throw difference;
  if (toHex(await rootOf(hashes)) !== toHex(checkpoint.root)) throw new Broken("other_root", { size });
  const state = { number: 0, held: 0 };
  texts.forEach((leaf, index) => {
    let words;
    try {
      words = textOf(leaf);
    } catch (error) {
      throw new Broken("unreadable_record", { index });
    }
    const record = openLeaf(words, index);
    if (record.type === "entry") checkEntry(record, state);
  });
  return { checkpoint, entries: state.number, held: state.held };
}
