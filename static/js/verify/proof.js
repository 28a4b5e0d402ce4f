// A proof of one record: read it (JSON, or C2SP tlog-proof with the record as its extra data) and check it.

import { Broken, fromBase64, textOf, utf8 } from "./bytes.js";
import { openLeaf } from "./leaf.js";
import { includes, leafHash } from "./merkle.js";
import { openCheckpoint } from "./note.js";

export const JSON_FORMAT = "sunledger-proof/v1";
const FIRST_LINE = "c2sp.org/tlog-proof@v1";
const MOST_HASHES = 63;

const unreadable = () => new Broken("unreadable_proof");

function hashesOf(lines) {
  if (!Array.isArray(lines) || lines.length > MOST_HASHES) throw unreadable();
  return lines.map((line) => {
    const bytes = typeof line === "string" ? fromBase64(line) : null;
    if (!bytes || bytes.length !== 32) throw unreadable();
    return bytes;
  });
}

function fromJson(text) {
  let given;
  try {
    given = JSON.parse(text);
  } catch (error) {
    throw unreadable();
  }
  const known = given && given.format === JSON_FORMAT && typeof given.leaf === "string";
  if (!known || !Number.isSafeInteger(given.index) || typeof given.checkpoint !== "string") throw unreadable();
  return {
    leaf: given.leaf,
    index: given.index,
    path: hashesOf(given.hashes),
    checkpoint: given.checkpoint,
    key: typeof given.key === "string" ? given.key : null,
  };
}

function fromLines(text) {
  const middle = text.indexOf("\n\n");
  if (middle < 0) throw unreadable();
  const lines = text.slice(0, middle).split("\n");
  lines.shift();
  if (!lines[0] || !lines[0].startsWith("extra ")) throw new Broken("no_record");
  const leaf = fromBase64(lines.shift().slice(6));
  const index = /^index (0|[1-9][0-9]{0,15})$/.exec(lines.shift() || "");
  if (!leaf || !index) throw unreadable();
  let words;
  try {
    words = textOf(leaf);
  } catch (error) {
    throw unreadable();
  }
  return { leaf: words, index: Number(index[1]), path: hashesOf(lines), checkpoint: text.slice(middle + 2), key: null };
}

/** A proof as somebody pasted or dropped it, nothing verified. Broken "unreadable_proof" or "no_record". */
export function parseProof(text) {
  const lines = text.replace(/^\ufeff/, "").replace(/\r\n/g, "\n").trim() + "\n";
  return lines.startsWith(`${FIRST_LINE}\n`) ? fromLines(lines) : fromJson(lines);
}

/** Check a proof against the log's key. Returns the checkpoint and what the record says; Broken names what is wrong. */
export async function checkProof(proof, key) {
  const checkpoint = await openCheckpoint(proof.checkpoint, key);
  if (proof.index >= checkpoint.size) {
    throw new Broken("not_yet_in", { index: proof.index, size: checkpoint.size });
  }
  const hash = await leafHash(utf8(proof.leaf));
  if (!(await includes(hash, proof.index, checkpoint.size, proof.path, checkpoint.root))) {
    throw new Broken("altered_record", { index: proof.index, size: checkpoint.size });
  }
  return { checkpoint, record: openLeaf(proof.leaf, proof.index) };
}
