// The last checkpoint of each log that this browser saw, and its key: what makes a rewound or forked log visible.

import { Broken, fromBase64, same } from "./bytes.js";
import { continues } from "./merkle.js";
import { openCheckpoint } from "./note.js";

const place = (origin) => `sunledger log ${origin}`;

/** What was kept of a log: {key, checkpoint} as texts, or null. A browser that keeps nothing is no fault. */
export function kept(origin) {
  try {
    const found = JSON.parse(localStorage.getItem(place(origin)));
    return found && typeof found.key === "string" && typeof found.checkpoint === "string" ? found : null;
  } catch (error) {
    return null;
  }
}

function keep(key, checkpoint) {
  try {
    localStorage.setItem(place(key.name), JSON.stringify({ key: key.text, checkpoint: checkpoint.text }));
  } catch (error) {
    // Private windows may refuse; the next visit then has nothing to compare with.
  }
}


/** Forget a log, when whoever sits there has read why it no longer continues what was seen. */
export function forget(origin) {
  localStorage.removeItem(place(origin));
}

/** Compare a verified checkpoint with the one kept, and keep the larger.
 *
 * `consistency(old, now)` fetches the hashes (base64) between two sizes, or is null where nothing can be fetched.
 * Returns {seen: "first" | "same" | "grown" | "older" | "unproved", size}. Broken: key_changed, rewound, forked. `isLatest`: the
 * checkpoint claims to be the log's newest, so that a smaller one than before is a log that was wound back.
 */
export async function compare(key, checkpoint, consistency, isLatest) {
  const before = kept(key.name);
  if (!before) {
    keep(key, checkpoint);
    return { seen: "first", size: checkpoint.size };
  }
  if (before.key !== key.text) throw new Broken("key_changed", { origin: key.name, before: before.key, now: key.text });
  const old = await openCheckpoint(before.checkpoint, key);
  const values = { origin: key.name, old: old.size, now: checkpoint.size };
  if (checkpoint.size === old.size) {
    if (!same(checkpoint.root, old.root)) throw new Broken("forked", values);
    return { seen: "same", size: old.size };
  }
  if (checkpoint.size < old.size && isLatest) throw new Broken("rewound", values);
  const [small, large] = checkpoint.size < old.size ? [checkpoint, old] : [old, checkpoint];
  if (small.size > 0) {
    const fetched = consistency && (await consistency(small.size, large.size));
    if (!fetched) return { seen: "unproved", size: old.size };
    const path = fetched.map(fromBase64);
    const isWhole = path.every((each) => each && each.length === 32);
    if (!isWhole || !(await continues(small.size, large.size, path, small.root, large.root))) {
      throw new Broken("forked", values);
    }
  }
  if (large === checkpoint) keep(key, checkpoint);
  return { seen: large === checkpoint ? "grown" : "older", size: old.size };
}
