// SHA-256 and Ed25519: the browser's own where it has them, else the vendored ones. On plain HTTP, and in browsers of
// some years ago, crypto.subtle or its Ed25519 is missing.

const subtle = globalThis.crypto && globalThis.crypto.subtle;
let vendored = null;

async function fallback() {
  if (!vendored) {
    const [sha2, ed25519] = await Promise.all([
      import("../../vendor/@noble/hashes@2.4.0/sha2.js"),
      import("../../vendor/@noble/ed25519@3.2.0/index.js"),
    ]);
    ed25519.hashes.sha512 = sha2.sha512;
    vendored = { sha256: sha2.sha256, verify: ed25519.verify };
  }
  return vendored;
}

export async function sha256(bytes) {
  if (subtle) return new Uint8Array(await subtle.digest("SHA-256", bytes));
  return (await fallback()).sha256(bytes);
}

/** Whether `signature` is that of the Ed25519 key over `message`. */
export async function isSignedBy(key, signature, message) {
  if (signature.length !== 64 || key.length !== 32) return false;
  if (subtle) {
    let imported = null;
    try {
      imported = await subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
    } catch (error) {
      // This browser knows no Ed25519, or the key is no point of the curve: the other way decides.
    }
    if (imported) return subtle.verify({ name: "Ed25519" }, imported, signature, message);
  }
  try {
    return (await fallback()).verify(signature, message, key, { zip215: false });
  } catch (error) {
    return false;
  }
}

/** Whether the vendored code is at work, for the page to say. */
export function usesVendored() {
  return vendored !== null;
}
