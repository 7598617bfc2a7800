// The engine: its numbers over the last minutes, whether it is ready, and its actors.

import { byId, dress, drawn, element, show } from "./dom.js";
import { count, percent, rate } from "./format.js";
import { STATUSES } from "./table.js";

const KEPT = 300; // samples, one a second
const FEWEST = 60; // for which there is room from the start
const past = { rate: [], backlog: [] };

export function showSummary(summary) {
  const backlog = [summary.lag, summary.due, summary.unpublished].reduce((sum, part) => (part === undefined ? sum : (sum ?? 0) + part), undefined);
  const shown = {
    executions: count(summary.executions),
    ...Object.fromEntries(STATUSES.map((status) => [status, count(summary.countByStatus[status] ?? 0)])),
    filled: percent(summary.filledShare),
    rate: rate(summary.fillsPerSecond),
    backlog: count(backlog),
  };
  for (const [name, text] of Object.entries(shown)) show(document.querySelector(`[data-number=${name}]`), text);
  spark("rate", summary.fillsPerSecond);
  spark("backlog", backlog);
}

export function showReadiness(state) {
  const badge = byId("ready");
  const unready = state.draining ? "draining" : "not ready";
  show(badge, state.ready ? "ready" : unready);
  dress(badge, `badge ${state.ready ? "good" : "bad"}`);
  byId("parts").replaceChildren(
    ...Object.entries(state.parts).map(([name, part]) =>
      element("li", part.up ? {} : { class: "down" }, name, " ", element("small", {}, part.said ?? "")),
    ),
  );
  byId("actors").replaceChildren(
    ...state.actors.map((actor, place) => {
      const branch = place === state.actors.length - 1 ? "└─ " : "├─ ";
      const row = element("tr", {}, ...[branch + actor.name, actor.state, count(actor.restarts), count(actor.mailbox)].map((text) => element("td", {}, text)));
      row.children[1].className = actor.state === "running" ? "better" : "worse";
      if (actor.restarts) row.children[2].className = "PART";
      if (actor.last_error) row.title = actor.last_error;
      return row;
    }),
  );
}

export function showNothing() {
  show(byId("ready"), "no answer");
  dress(byId("ready"), "badge bad");
}

function spark(name, value) {
  const values = past[name];
  values.push(value ?? null);
  if (values.length > KEPT) values.shift();
  const most = Math.max(...values, 1);
  const span = Math.max(values.length, FEWEST);
  let pen = "M";
  const line = values.map((each, place) => {
    if (each === null) {
      pen = "M";
      return "";
    }
    const point = `${pen}${span - values.length + place} ${34 - (each / most) * 32}`;
    pen = "L";
    return point;
  });
  const svg = byId(`${name}-line`);
  svg.setAttribute("viewBox", `0 0 ${span - 1} 36`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.replaceChildren(drawn("path", { d: line.join("") }));
}
