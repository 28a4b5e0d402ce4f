// Bytes, their spellings, and the one way in which a check fails.

/** A check that failed: `code` names it, `values` fill the sentence that the page has for it. */
export class Broken extends Error {
  constructor(code, values) {
    super(code);
    this.code = code;
    this.values = values || {};
  }
}

export function utf8(text) {
  return new TextEncoder().encode(text);
}

/** The text of bytes; raises for what is not UTF-8. */
export function textOf(bytes) {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

export function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let place = 0;
  for (const part of parts) {
    whole.set(part, place);
    place += part.length;
  }
  return whole;
}

export function same(left, right) {
  return left.length === right.length && left.every((value, place) => value === right[place]);
}

export function toBase64(bytes) {
  return btoa(String.fromCharCode(...bytes));
}

/** The bytes of standard base64 in its one spelling; null for anything else. */
export function fromBase64(text) {
  let bytes;
  try {
    bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  } catch (error) {
    return null;
  }
  return toBase64(bytes) === text ? bytes : null;
}

export function toHex(bytes) {
  return Array.from(bytes, (value) => value.toString(16).padStart(2, "0")).join("");
}
