// The page: what it asks for, how often, and what its filters do.

import { get } from "./api.js";
import { Ask } from "./ask.js";
import { byId, show } from "./dom.js";
import { showNothing, showReadiness, showSummary } from "./engine.js";
import { Panel } from "./execution.js";
import { moment } from "./format.js";
import { listenToKeys } from "./shortcuts.js";
import { Table } from "./table.js";

const EVERY = 1000; // milliseconds
const ROWS = 100;

const ask = new Ask(() => panel.refresh().catch(() => {}));
const panel = new Panel((execution) => ask.update(execution));
const table = new Table((id) => panel.open(id).catch(() => {})); // the next look tells of an outage
let page = null; // the address of an older page, null for the newest
let older = null;
let asked = 0;
let reached = null;

function address() {
  const query = new URLSearchParams(byId("status").value);
  const searched = byId("search").value.trim();
  if (searched) query.set(/^\d+$/.test(searched) ? "executionServiceId" : "ticker", searched.toUpperCase());
  if (byId("side").value) query.set("tradeType", byId("side").value);
  query.set("limit", ROWS);
  return `api/v1/executions?${query}`;
}

async function showExecutions() {
  const mine = ++asked;
  const { body, next } = await get(page ?? address());
  if (mine !== asked) return; // the filters have changed meanwhile
  older = next;
  byId("older").disabled = !older;
  byId("newest").disabled = page === null;
  table.update(body);
}

async function look() {
  const found = await Promise.allSettled([
    get("readyz").then(({ body }) => showReadiness(body)),
    get("api/v1/summary").then(({ body }) => showSummary(body)),
    showExecutions(),
    panel.refresh(),
  ]);
  const failure = found.find((each) => each.status === "rejected" && each.reason.status !== 400);
  document.body.classList.toggle("stale", Boolean(failure));
  byId("outage").hidden = !failure;
  if (failure) {
    const since = reached === null ? "" : ` What is shown is of ${moment(reached)}.`;
    show(byId("outage"), `${failure.reason.message[0].toUpperCase()}${failure.reason.message.slice(1)}.${since}`);
    if (found[0].status === "rejected") showNothing();
  } else {
    reached = Date.now() / 1000;
  }
}

async function keepLooking() {
  for (;;) {
    const began = performance.now();
    if (!document.hidden) await look();
    const left = EVERY - (performance.now() - began);
    await new Promise((done) => setTimeout(done, Math.max(left, 100)));
  }
}

function turnTo(next) {
  page = next;
  byId("scroll").scrollTop = 0;
  showExecutions().catch(() => {});
}

function close() {
  panel.close();
  table.pick(null);
}

listenToKeys({
  search: () => byId("search").focus(),
  down: () => table.move(1),
  up: () => table.move(-1),
  open: () => table.picked !== null && table.pick(table.picked, true),
  close,
  replace: () => ask.open("replace"),
  cancel: () => ask.open("cancel"),
  newest: () => turnTo(null),
  older: () => older && turnTo(older),
});
byId("filters").addEventListener("submit", (event) => event.preventDefault());
byId("filters").addEventListener("input", () => turnTo(null));
byId("newest").addEventListener("click", () => turnTo(null));
byId("older").addEventListener("click", () => turnTo(older));
byId("close").addEventListener("click", close);
keepLooking();
