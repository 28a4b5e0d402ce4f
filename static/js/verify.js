// The page that checks: /verify, and the file that is kept (static/verify/). All words come from the page.

import { Broken, textOf } from "./verify/bytes.js";
import { auditLog } from "./verify/audit.js";
import { usesVendored } from "./verify/hashing.js";
import { localTime, yuan } from "./verify/leaf.js";
import { compare, forget } from "./verify/memory.js";
import { openCheckpoint, parseKey } from "./verify/note.js";
import { checkProof, parseProof } from "./verify/proof.js";

const page = document.getElementById("verify");
const result = document.getElementById("verify-result");
const input = document.getElementById("verify-text");
const keyInput = document.getElementById("verify-key");
const isOnline = page.dataset.online === "yes";
const RECEIPT_CODE = /^[A-Z0-9]{4}(-[A-Z0-9]{4}){5}$/;
const MOST_BYTES = 4 * 1024 * 1024;

function say(name, values) {
  const found = document.querySelector(`[data-word="${name}"]`);
  const text = found ? found.textContent : name;
  return text.replace(/\{([a-z]+)\}/g, (whole, each) => (values && each in values ? String(values[each]) : whole));
}

function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

function show(kind, title, ...more) {
  const box = element("div", `notice ${kind}`, element("p", "", element("b", "", title)), ...more);
  result.replaceChildren(box);
  result.focus();
}

function steps(lines) {
  return element("ul", "", ...lines.map((line) => element("li", "", line)));
}

function facts(pairs) {
  const rows = pairs.filter(([, value]) => value !== null && value !== "").map(([term, value]) =>
    element("div", "", element("dt", "", term), element("dd", "", value)));
  return element("dl", "facts", ...rows);
}

function forgetting(origin) {
  const button = element("button", "button quiet", say("forget"));
  button.type = "button";
  button.addEventListener("click", () => {
    forget(origin);
    show("plain", say("forgotten"));
  });
  return element("p", "", button);
}

function failed(error, done) {
  const broken = error instanceof Broken ? error : new Broken("not_finished", { reason: error.message });
  const isFault = !["unreadable_proof", "unreadable_key", "no_record", "not_found", "not_yet_in", "too_large", "no_key",
    "not_finished", "unreachable", "nothing_given", "too_many"].includes(broken.code);
  const text = element("p", "", say(`${broken.code}.text`, broken.values));
  const more = done.length ? [steps(done)] : [];
  if (["rewound", "forked", "key_changed"].includes(broken.code)) more.push(forgetting(broken.values.origin));
  show(isFault ? "stop" : "wait", say(broken.code, broken.values), text, ...more);
  result.dataset.outcome = broken.code;
}

async function fetched(address, asText) {
  let answer;
  try {
    answer = await fetch(address, { credentials: "omit", cache: "no-store" });
  } catch (error) {
    throw new Broken("unreachable");
  }
  if (answer.status === 404) throw new Broken("not_found");
  if (answer.status === 409) throw new Broken("not_yet_in", { index: "", size: "" });
  if (answer.status === 429) throw new Broken("too_many");
  if (answer.status === 503) throw new Broken("log_stopped", { reason: (await answer.text()).slice(0, 500).trim() });
  if (!answer.ok) throw new Broken("unreachable");
  return asText ? answer.text() : new Uint8Array(await answer.arrayBuffer());
}

async function consistency(old, now) {
  const text = await fetched(`/verify/consistency.json?from=${old}&to=${now}`, true);
  try {
    return JSON.parse(text).hashes;
  } catch (error) {
    throw new Broken("unreachable");
  }
}

/** The key to check with: the page's; in the kept file the one typed in, else the one that the proof brings along. */
async function trustedKey(proof) {
  const typed = keyInput ? keyInput.value.trim() : "";
  const text = page.dataset.key || typed || (proof && proof.key) || "";
  if (!text) throw new Broken("no_key");
  return { key: await parseKey(text), isFromProof: !page.dataset.key && !typed };
}

function history(found) {
  return say(`seen_${found.seen}`, { size: found.size });
}

function limits() {
  return [
    element("p", "", element("b", "", say("proved"))),
    element("p", "", say("not_proved")),
  ];
}

function recordFacts(record) {
  const known = (name, each) => {
    const word = each && document.querySelector(`[data-word="${name}.${each}"]`);
    return word ? word.textContent : each || null;
  };
  const amount = record.amount === undefined ? null : say(`amount_${record.direction}`, { amount: yuan(record.amount) });
  return facts([
    [say("record_number"), record.number === undefined ? null : say("entry_number", { number: record.number })],
    [say("record_date"), record.occurredOn || null],
    [say("record_kind"), record.type === "entry" ? known("kind", record.kind) : record.type],
    [say("record_amount"), amount],
    [say("record_reverses"), record.reverses ? say("entry_number", { number: record.reverses }) : null],
    [say("record_time"), record.recordedAt ? localTime(record.recordedAt, page.dataset.zone) : null],
    [say("record_index"), say("index_of", { index: record.index })],
  ]);
}

async function verifyProof(text, expected, isLatest) {
  const done = [];
  try {
    const proof = parseProof(text);
    const { key, isFromProof } = await trustedKey(proof);
    let now = null;
    if (isOnline) {
      const newest = await openCheckpoint(await fetched("/log/checkpoint", true), key);
      now = await compare(key, newest, consistency, true);
    }
    const { checkpoint, record } = await checkProof(proof, key);
    done.push(say("signed_by", { origin: checkpoint.origin, size: checkpoint.size }));
    done.push(say("included", { index: record.index, size: checkpoint.size }));
    if (expected && record.number !== expected) {
      throw new Broken("other_record", { number: expected, found: record.number === undefined ? record.type : record.number });
    }
    const seen = await compare(key, checkpoint, isOnline ? consistency : null, isLatest);
    done.push(history(now && seen.seen === "same" ? now : seen));
    if (isFromProof) done.push(say("key_from_proof", { key: key.text }));
    if (usesVendored()) done.push(say("vendored"));
    const raw = element("details", "", element("summary", "", say("raw_record")), element("pre", "", record.text));
    show("ok", say("verified"), recordFacts(record), ...limits(), steps(done), raw);
    result.dataset.outcome = "verified";
  } catch (error) {
    failed(error, done);
  }
}

async function verifyNumbered(address, expected) {
  show("plain", say("working"));
  try {
    await fetched("/log/checkpoint", true); // so that the newest records are under a signature
    await verifyProof(await fetched(address, true), expected, true);
  } catch (error) {
    failed(error, []);
  }
}

async function verifyText(given) {
  const text = given.trim();
  const code = text.toUpperCase();
  delete result.dataset.outcome;
  if (!text) return failed(new Broken("nothing_given"), []);
  if (isOnline && RECEIPT_CODE.test(code)) return verifyNumbered(`/verify/receipts/${code}.json`, null);
  if (isOnline && /^[0-9]{1,15}$/.test(text)) return verifyNumbered(`/verify/entries/${Number(text)}.json`, Number(text));
  show("plain", say("working"));
  return verifyProof(given, null, false);
}

async function verifyFile(file) {
  if (file.size > MOST_BYTES) return failed(new Broken("too_large"), []);
  let text;
  try {
    text = textOf(new Uint8Array(await file.arrayBuffer()));
  } catch (error) {
    return failed(new Broken("unreadable_proof"), []);
  }
  input.value = text;
  return verifyText(text);
}

async function verifyWhole(read) {
  delete result.dataset.outcome;
  show("plain", say("working"));
  try {
    let { key } = await trustedKey(null).catch(() => ({ key: null }));
    const own = key ? null : await read("public-key");
    if (!key && !own) throw new Broken("no_key");
    if (!key) key = await parseKey(textOf(own));
    const report = (done, size) => { result.firstChild.textContent = say("progress", { done, size }); };
    const found = await auditLog(read, key, report);
    const done = [say("signed_by", { origin: found.checkpoint.origin, size: found.checkpoint.size })];
    done.push(history(await compare(key, found.checkpoint, isOnline ? consistency : null, isOnline)));
    if (own) done.push(say("key_from_proof", { key: key.text }));
    const totals = facts([
      [say("whole_leaves"), String(found.checkpoint.size)],
      [say("whole_entries"), String(found.entries)],
      [say("whole_held"), say("amount_move", { amount: yuan(found.held) })],
    ]);
    show("ok", say("whole_verified"), totals, ...limits(), steps(done));
    result.dataset.outcome = "whole_verified";
  } catch (error) {
    failed(error, []);
  }
}

/** Files of a folder by their path below it, whichever folder of a published log was chosen. */
function folderReader(files) {
  const byPath = new Map();
  for (const file of files) byPath.set(file.webkitRelativePath.replace(/^[^/]*\//, "").replace(/^log\//, ""), file);
  return async (path) => {
    const file = byPath.get(path);
    return file ? new Uint8Array(await file.arrayBuffer()) : null;
  };
}

async function siteReader(path) {
  try {
    return await fetched(`/log/${path}`, false);
  } catch (error) {
    if (error.code === "not_found") return null;
    throw error;
  }
}

function start() {
  const form = document.getElementById("verify-form");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    verifyText(input.value);
  });
  document.getElementById("verify-file").addEventListener("change", (event) => {
    if (event.target.files[0]) verifyFile(event.target.files[0]);
  });
  form.addEventListener("dragover", (event) => event.preventDefault());
  form.addEventListener("drop", (event) => {
    const file = event.dataTransfer.files[0];
    if (!file) return;
    event.preventDefault();
    verifyFile(file);
  });
  const folder = document.getElementById("verify-folder");
  if (folder) folder.addEventListener("change", () => { if (folder.files.length) verifyWhole(folderReader(folder.files)); });
  const whole = document.getElementById("verify-whole");
  if (whole) whole.addEventListener("click", () => verifyWhole(siteReader));
  page.querySelectorAll("[data-scripted]").forEach((each) => { each.hidden = false; });
  page.dataset.ready = "yes";
  if (isOnline && input.value.trim()) verifyText(input.value);
}

start();
