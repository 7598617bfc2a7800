// Cancel and change: asks before it acts, and says what came of it.

import { UNANSWERED, state, understood } from "./answers.js";
import { post } from "./api.js";
import { byId, show } from "./dom.js";
import { quantity } from "./format.js";

const NUMBER = /^0*(\d+(?:\.\d+)?)$/;

export class Ask {
  // `token` is kept in this page's memory alone: a reload forgets it, and no other page can read it.
  #token = null;

  constructor(done) {
    this.done = done;
    this.execution = null;
    this.turn = 0; // counts questions
    this.dialog = byId("ask");
    byId("cancel").addEventListener("click", () => this.open("cancel"));
    byId("replace").addEventListener("click", () => this.open("replace"));
    byId("ask-leave").addEventListener("click", () => this.dialog.close());
    byId("ask-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.act();
    });
  }

  // The execution that is on show as it is now; null when there is none.
  update(execution) {
    if (execution?.id !== this.execution?.id) show(byId("done"), "");
    this.execution = execution;
    byId("actions").hidden = !execution?.isOpen;
    if (this.dialog.open && execution?.id === this.id) show(byId("ask-text"), this.question(execution));
  }

  open(kind) {
    const execution = this.execution;
    if (!execution?.isOpen || this.dialog.open) return;
    this.turn += 1;
    this.kind = kind;
    this.id = execution.id;
    this.body = null;
    this.before = { quantity: plain(execution.quantity), limit: plain(execution.limitPrice) };
    byId("ask-quantity").value = this.before.quantity;
    byId("ask-limit").value = this.before.limit;
    show(byId("ask-title"), `${kind === "cancel" ? "Cancel" : "Change"} ${execution.tradeType} ${quantity(execution.quantity)} ${execution.ticker}?`);
    show(byId("ask-text"), this.question(execution));
    show(byId("ask-act"), kind === "cancel" ? "Cancel the order" : "Change the order");
    byId("ask-terms").hidden = kind === "cancel";
    byId("ask-form").classList.toggle("ends", kind === "cancel");
    byId("ask-act").hidden = byId("ask-act").disabled = false;
    byId("ask-token").value = "";
    byId("ask-right").hidden = this.#token !== null;
    show(byId("ask-answer"), "");
    this.dialog.showModal();
    const first = [kind === "replace" && "ask-quantity", this.#token === null && "ask-token", "ask-leave"].find(Boolean);
    byId(first).focus();
  }

  question(execution) {
    if (!execution.isOpen) return `It is ${state(execution)}`;
    const filled = `${quantity(execution.quantityFilled)} of ${quantity(execution.quantity)} are filled so far`;
    if (this.kind === "replace") return `${filled}. The quantity can't be less than what is filled; an empty limit is none.`;
    return `${filled}. What is filled stays; the rest will not be filled. This can't be undone.`;
  }

  async act() {
    const { body, problem } = this.kind === "cancel" ? { body: "{}" } : this.terms();
    const token = this.#token ?? byId("ask-token").value;
    if (problem || !token) {
      show(byId("ask-answer"), problem ?? "Give the operator token.");
      byId(problem ? "ask-quantity" : "ask-token").focus();
      return;
    }
    // the same request has the same key, so that asking again does nothing twice
    if (body !== this.body) [this.body, this.key] = [body, newKey()];
    byId("ask-act").disabled = true;
    show(byId("ask-answer"), "");
    const { turn, id, kind } = this;
    const { left, said } = await post(`api/v1/execution/${id}/${kind}`, { body, token, key: this.key }).then(
      (answer) => understood(answer, kind),
      () => UNANSWERED,
    );
    if (left === "token") this.#token = null;
    else if (left === "over") this.#token = token;
    byId("ask-right").hidden = this.#token !== null;
    const waits = this.dialog.open && this.turn === turn; // or somebody left the question meanwhile
    if (waits) byId("ask-act").disabled = false;
    if (waits && left !== "over") {
      show(byId("ask-answer"), said);
      byId("ask-act").hidden = left === "nothing";
      byId({ token: "ask-token", again: "ask-act", nothing: "ask-leave" }[left]).focus();
    } else {
      if (waits) this.dialog.close();
      if (this.execution?.id === id) show(byId("done"), said);
    }
    this.done();
  }

  // What is to be changed, as JSON: digits go as they were typed, and what is left alone is left out.
  terms() {
    const ordered = byId("ask-quantity").value.trim();
    const limit = byId("ask-limit").value.trim();
    const members = [];
    if (ordered !== this.before.quantity) members.push(["quantity", NUMBER.exec(ordered)?.[1]]);
    if (limit !== this.before.limit) members.push(["limitPrice", limit ? NUMBER.exec(limit)?.[1] : "null"]);
    if (!members.length) return { problem: "Nothing is different: change the quantity or the limit." };
    const wrong = members.find(([, text]) => text === undefined);
    if (wrong) return { problem: `The ${wrong[0] === "quantity" ? "quantity" : "limit"} is no number such as 100 or 12.5.` };
    return { body: `{${members.map(([name, text]) => `"${name}":${text}`).join(",")}}` };
  }
}

// Browsers have crypto.randomUUID only where the page came by HTTPS.
const newKey = () => `blotter-${[...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;

const plain = (value) => (value === undefined ? "" : value.toFixed(8).replace(/\.?0+$/, ""));
