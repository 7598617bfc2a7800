// One execution: what it is, and its fills as they happen.

import { get } from "./api.js";
import { byId, dress, drawn, element, show } from "./dom.js";
import { count, moment, order, percent, price, quantity } from "./format.js";
import { known, share } from "./table.js";

const WIDTH = 374;
const HEIGHT = 170;
const LEFT = 48;
const RIGHT = 8;
const PRICES = [12, 110]; // from and to which height prices are drawn, and sizes below them
const SIZES = [120, 152];

export class Panel {
  constructor(shown) {
    this.shown = shown; // is told of each state of the execution, and of null
    this.id = null;
    this.fills = [];
  }

  async open(id) {
    if (id !== this.id) this.fills = [];
    this.id = id;
    await this.refresh();
  }

  close() {
    this.id = null;
    byId("execution").hidden = true;
    this.shown(null);
  }

  async refresh() {
    const id = this.id;
    if (id === null) return;
    const [{ body: execution }, fills] = await Promise.all([get(`api/v1/execution/${id}`), this.further(id)]);
    if (id !== this.id) return; // another one was opened meanwhile
    this.fills.push(...fills.filter((fill) => fill.number > (this.fills.at(-1)?.number ?? 0)));
    byId("execution").hidden = false;
    show(byId("which"), `${execution.tradeType} ${quantity(execution.quantity)} ${execution.ticker}`);
    facts(execution);
    rows(this.fills);
    chart(this.fills, execution.limitPrice);
    this.shown(execution);
  }

  // The ledger only grows: ask for what comes after the last fill that is here.
  async further(id) {
    const last = this.fills.at(-1)?.number;
    const { body } = await get(`api/v1/execution/${id}/fills?limit=1000${last ? `&after=${last}` : ""}`);
    return body;
  }
}

function facts(execution) {
  const said = {
    execution: String(execution.id),
    order: order(execution.executionServiceId),
    status: execution.executionStatus,
    filled: `${quantity(execution.quantityFilled)} (${percent(share(execution))})`,
    average: price(execution.averagePrice),
    limit: price(execution.limitPrice),
    amount: price(execution.totalAmount),
    received: moment(execution.receivedTimestamp),
    "last evaluation": moment(execution.lastFilledTimestamp),
  };
  const list = byId("facts");
  if (!list.children.length) {
    for (const name of Object.keys(said)) list.append(element("div", {}, element("dt", {}, name), element("dd")));
  }
  Object.values(said).forEach((text, place) => show(list.children[place].lastChild, text));
  dress(list.children[Object.keys(said).indexOf("status")].lastChild, known(execution.executionStatus));
}

const ENDS = new Set(["CANCEL", "EXPIRE"]);

// What happened at an evaluation that was no fill.
function changed(fill) {
  if (fill.change === "CANCEL") return "cancelled";
  if (fill.change === "EXPIRE") return "expired";
  const limit = fill.limitPrice === undefined ? "no limit" : `limit ${price(fill.limitPrice)}`;
  return `changed to ${quantity(fill.quantityOrdered)}, ${limit}`;
}

function rows(fills) {
  const made = [...fills].reverse().map((fill) => {
    const what =
      fill.change === undefined
        ? [element("td", {}, quantity(fill.quantity)), element("td", {}, price(fill.price))]
        : [element("td", { colspan: 2, class: `changed ${ENDS.has(fill.change) ? "CNCLD" : "PART"}` }, changed(fill))];
    return element(
      "tr",
      {},
      element("td", {}, count(fill.number)),
      element("td", {}, moment(fill.filledTimestamp)),
      ...what,
      element("td", {}, quantity(fill.quantityFilled)),
      element("td", {}, price(fill.averagePrice)),
    );
  });
  const body = byId("fills");
  if (body.children.length !== made.length || body.textContent !== made.map((row) => row.textContent).join("")) {
    body.replaceChildren(...made);
  }
}

function chart(fills, limit) {
  const priced = fills.filter((fill) => fill.price !== undefined && fill.filledTimestamp !== undefined);
  const svg = byId("chart");
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  if (!priced.length) {
    svg.replaceChildren(drawn("text", { x: WIDTH / 2, y: HEIGHT / 2, "text-anchor": "middle" }, "no fills yet"));
    return;
  }
  const levels = priced.map((fill) => fill.price).concat(limit ?? []);
  const [low, high] = [Math.min(...levels), Math.max(...levels)];
  const changes = fills.filter((fill) => fill.change !== undefined && fill.filledTimestamp !== undefined);
  const times = [...priced, ...changes].map((fill) => fill.filledTimestamp);
  const [began, ended] = [Math.min(...times), Math.max(...times)];
  const most = Math.max(...priced.map((fill) => fill.quantity)) || 1;
  const inside = WIDTH - LEFT - RIGHT;
  const x = (time) => LEFT + inside * (ended > began ? 0.03 + (0.94 * (time - began)) / (ended - began) : 0.5);
  const y = (level) => (high > low ? PRICES[1] - ((level - low) / (high - low)) * (PRICES[1] - PRICES[0]) : (PRICES[0] + PRICES[1]) / 2);
  const line = priced.map((fill, place) => `${place ? "L" : "M"}${x(fill.filledTimestamp)} ${y(fill.price)}`).join("");
  const labels = [...new Set([low, high])].map((level) => drawn("text", { x: LEFT - 6, y: y(level) + 3, "text-anchor": "end" }, price(level)));
  svg.replaceChildren(
    ...labels,
    ...(limit === undefined ? [] : [drawn("line", { class: "limit", x1: LEFT, x2: WIDTH - RIGHT, y1: y(limit), y2: y(limit) }, drawn("title", {}, `limit ${price(limit)}`))]),
    ...priced.map((fill) => {
      const height = (fill.quantity / most) * (SIZES[1] - SIZES[0]);
      return drawn("rect", { x: x(fill.filledTimestamp) - 2, width: 4, y: SIZES[1] - height, height });
    }),
    ...changes.map((fill) =>
      drawn("line", { class: "change", x1: x(fill.filledTimestamp), x2: x(fill.filledTimestamp), y1: 4, y2: SIZES[1] }, drawn("title", {}, `${changed(fill)}, ${moment(fill.filledTimestamp)}`)),
    ),
    drawn("path", { class: "price", d: line }),
    ...priced.map((fill) =>
      drawn("circle", { cx: x(fill.filledTimestamp), cy: y(fill.price), r: 3 }, drawn("title", {}, `${quantity(fill.quantity)} at ${price(fill.price)}, ${moment(fill.filledTimestamp)}`)),
    ),
    drawn("text", { x: LEFT, y: HEIGHT - 4 }, moment(began)),
    drawn("text", { x: WIDTH - RIGHT, y: HEIGHT - 4, "text-anchor": "end" }, ended > began ? moment(ended) : ""),
    drawn("text", { x: LEFT - 6, y: SIZES[0] + 10, "text-anchor": "end" }, count(most)),
  );
}
