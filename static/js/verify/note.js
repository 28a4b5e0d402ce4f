// C2SP signed-note, tlog-checkpoint and Ed25519 keys.

import { Broken, fromBase64, joined, same, toHex, utf8 } from "./bytes.js";
import { isSignedBy, sha256 } from "./hashing.js";

const ED25519 = 1;
const MOST_SIGNATURES = 100;
const SIZE = /^(0|[1-9][0-9]{0,15})$/;

/** A key as C2SP spells it: name+8 hex digits+base64(0x01 and 32 bytes). Broken "unreadable_key" for anything else. */
export async function parseKey(text) {
  const found = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text.trim());
  const material = found && fromBase64(found[3]);
  if (!material || material.length !== 33 || material[0] !== ED25519) throw new Broken("unreadable_key");
  const id = (await sha256(joined(utf8(`${found[1]}\n`), material))).slice(0, 4);
  if (toHex(id) !== found[2]) throw new Broken("unreadable_key");
  return { name: found[1], id, bytes: material.slice(1), text: found[0] };
}

/** A checkpoint as it is written, nothing verified. Broken "unreadable_checkpoint". */
export function parseCheckpoint(text) {
  const unreadable = () => new Broken("unreadable_checkpoint");
  const middle = text.lastIndexOf("\n\n");
  if (middle < 0 || !text.endsWith("\n") || /[\u0000-\u0009\u000b-\u001f]/.test(text)) throw unreadable();
  const body = text.slice(0, middle + 1);
  const [origin, size, root] = body.split("\n");
  const rootBytes = root ? fromBase64(root) : null;
  if (!origin || !SIZE.test(size) || !rootBytes || rootBytes.length !== 32) throw unreadable();
  if (!Number.isSafeInteger(Number(size))) throw unreadable();
  const lines = text.slice(middle + 2, -1).split("\n");
  if (lines.length > MOST_SIGNATURES) throw unreadable();
  const signatures = lines.map((line) => {
    const found = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/=]+)$/u.exec(line);
    const bytes = found && fromBase64(found[2]);
    if (!bytes || bytes.length < 5) throw unreadable();
    return { name: found[1], id: bytes.slice(0, 4), bytes: bytes.slice(4) };
  });
  return { origin, size: Number(size), root: rootBytes, body, signatures, text };
}

/** Read a checkpoint and verify the log's signature. Broken: wrong_origin, not_signed, forged_checkpoint. */
export async function openCheckpoint(text, key) {
  const checkpoint = parseCheckpoint(text);
  if (checkpoint.origin !== key.name) {
    throw new Broken("wrong_origin", { origin: checkpoint.origin, expected: key.name });
  }
  const mine = checkpoint.signatures.filter((each) => each.name === key.name && same(each.id, key.id));
  if (mine.length === 0) throw new Broken("not_signed");
  for (const signature of mine) {
    if (!(await isSignedBy(key.bytes, signature.bytes, utf8(checkpoint.body)))) {
      throw new Broken("forged_checkpoint");
    }
  }
  return checkpoint;
}

