// What a record of the log says by itself, as docs/leaf-v1.md fixes it.

import { Broken } from "./bytes.js";

const MONEY = ["1001", "1002", "1009"];

function canonical(value) {
  if (value === null || typeof value === "boolean") return JSON.stringify(value);
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new Error("not a whole number");
    return String(value);
  }
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
}

function amounts(postings) {
  const sum = (rows, side) => rows.reduce((total, row) => total + row[side], 0);
  const money = postings.filter((row) => MONEY.includes(row.account));
  const change = sum(money, "debit") - sum(money, "credit");
  if (change) return { direction: change > 0 ? "in" : "out", amount: Math.abs(change) };
  const largest = postings.reduce((most, row) => Math.max(most, row.debit), 0);
  return { direction: money.length ? "move" : "goods", amount: largest };
}

/** Read the record at `index`. Broken "unreadable_record" when it is not the one spelling of a record. */
export function openLeaf(text, index) {
  let body;
  try {
    body = JSON.parse(text);
    if (canonical(body) !== text || body.v !== 1 || typeof body.type !== "string") throw new Error("spelling");
  } catch (error) {
    throw new Broken("unreadable_record", { index });
  }
  const record = { index, type: body.type, id: body.id, version: body.version, body, text };
  if (body.type === "entry") {
    try {
      Object.assign(record, amounts(body.postings), {
        number: body.number,
        kind: body.kind,
        occurredOn: body.occurred_on,
        recordedAt: body.recorded_at,
        reverses: body.reverses || null,
      });
    } catch (error) {
      throw new Broken("unreadable_record", { index });
    }
  }
  return record;
}

/** An instant of a record (2023-11-06T01:12:00Z) as read on a clock of the fund: 2023-11-06 09:12. */
export function localTime(instant, zone) {
  const at = new Date(instant);
  if (Number.isNaN(at.getTime())) return instant;
  const form = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
  });
  const parts = {};
  for (const { type, value } of form.formatToParts(at)) parts[type] = value;
  return `${parts.year}-${parts.month}-${parts.day} ${parts.hour}:${parts.minute}`;
}

/** Fen as 1,234.56. */
export function yuan(minor) {
  const fen = String(Math.abs(minor) % 100).padStart(2, "0");
  const whole = String(Math.floor(Math.abs(minor) / 100)).replace(/\B(?=([0-9]{3})+$)/g, ",");
  return `${minor < 0 ? "−" : ""}${whole}.${fen}`;
}
