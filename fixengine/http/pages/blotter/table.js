// The rows of one page of executions, each changed in place.

import { byId, dress, element, show } from "./dom.js";
import { count, moment, order as orderNumber, price, quantity } from "./format.js";

const CELLS = ["id", "order extra", "side", "ticker", "status", "filled", "average", "limit", "fills extra", "time extra", "to extra"];

export class Table {
  constructor(open) {
    this.open = open;
    this.body = byId("rows");
    this.rows = new Map();
    this.executions = [];
    this.sorting = { by: "id", ascending: false };
    this.picked = null;
    for (const head of document.querySelectorAll("th[data-sort]")) {
      head.querySelector("button").addEventListener("click", () => this.sort(head));
    }
    this.body.addEventListener("click", (event) => {
      const row = event.target.closest("tr");
      if (row) this.pick(Number(row.dataset.id), true);
    });
  }

  update(executions) {
    this.executions = executions;
    const present = new Set();
    for (const execution of executions) {
      present.add(execution.id);
      if (!this.rows.has(execution.id)) this.rows.set(execution.id, made(execution.id));
      fill(this.rows.get(execution.id), execution);
    }
    for (const [id, row] of this.rows) {
      if (present.has(id)) continue;
      row.remove();
      this.rows.delete(id);
    }
    this.arrange();
    byId("nothing").hidden = executions.length > 0;
  }

  sort(head) {
    const by = head.dataset.sort;
    const ascending = this.sorting.by === by ? !this.sorting.ascending : by === "ticker";
    this.sorting = { by, ascending };
    for (const each of document.querySelectorAll("th[data-sort]")) each.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    this.arrange();
  }

  // Put rows in order, moving only those that are out of place.
  arrange() {
    const { by, ascending } = this.sorting;
    const order = [...this.executions].sort((a, b) => compare(value(a, by), value(b, by)) || a.id - b.id);
    if (!ascending) order.reverse();
    this.order = order.map((execution) => execution.id);
    this.order.forEach((id, place) => {
      const row = this.rows.get(id);
      if (this.body.children[place] !== row) this.body.insertBefore(row, this.body.children[place] ?? null);
    });
  }

  // Select an execution; null selects none.
  pick(id, open = false) {
    this.rows.get(this.picked)?.setAttribute("aria-selected", "false");
    this.picked = id;
    const row = this.rows.get(id);
    row?.setAttribute("aria-selected", "true");
    row?.scrollIntoView({ block: "nearest" });
    if (open) this.open(id);
  }

  move(step) {
    if (!this.order?.length) return;
    const place = this.order.indexOf(this.picked);
    const next = place < 0 ? 0 : Math.min(Math.max(place + step, 0), this.order.length - 1);
    this.pick(this.order[next]);
  }
}

function made(id) {
  const row = element("tr", { "data-id": id, "aria-selected": "false" }, ...CELLS.map((name) => element("td", { class: name })));
  row.children[5].append(element("div", { class: "bar" }, element("i")), element("span"));
  return row;
}

function fill(row, execution) {
  const [id, order, side, ticker, status, filled, average, limit, fills, time, to] = row.children;
  show(id, String(execution.id));
  show(order, orderNumber(execution.executionServiceId));
  show(side, execution.tradeType);
  dress(side, `side ${known(execution.tradeType)}`);
  show(ticker, execution.ticker);
  show(status, execution.executionStatus);
  dress(status, `status ${known(execution.executionStatus)}`);
  const width = `${share(execution) * 100}%`;
  const bar = filled.firstChild.firstChild;
  if (bar.style.width !== width) bar.style.width = width;
  show(filled.lastChild, `${quantity(execution.quantityFilled)} of ${quantity(execution.quantity)}`);
  show(average, price(execution.averagePrice));
  dress(average, `average ${judged(execution)}`);
  show(limit, price(execution.limitPrice));
  show(fills, count(execution.numberOfFills));
  show(time, moment(execution.receivedTimestamp));
  show(to, execution.destination);
}

// A class name is made of nothing that comes from outside, but of the words that are known.
export const STATUSES = ["WORK", "PART", "FULL", "CNCLD", "CPART"];
const WORDS = new Set(["BUY", "SELL", "SHORT", "COVER", "EXRC", ...STATUSES]);
export const known = (word) => (WORDS.has(word) ? word : "");

export const share = (execution) => (execution.quantity ? Math.min(execution.quantityFilled / execution.quantity, 1) : 0);

export function judged({ averagePrice, limitPrice, tradeType }) {
  if (averagePrice === undefined || limitPrice === undefined || averagePrice === limitPrice) return "";
  const below = tradeType === "BUY" || tradeType === "COVER";
  return averagePrice < limitPrice === below ? "better" : "worse";
}

const value = (execution, by) => (by === "share" ? share(execution) : execution[by]);

function compare(a, b) {
  if (a === b) return 0;
  if (a === undefined) return -1;
  if (b === undefined) return 1;
  return a < b ? -1 : 1;
}
