// What came of a request to cancel or change, in words. Pure, but for the words themselves.

import { price, quantity } from "./format.js";

// Each answer: what is said, and what is left to do: "over" (it is done), "again" (ask once more),
// "token" (give another one), or "nothing".
export function understood({ status, body, wait }, kind) {
  const detail = body.detail ? sentence(body.detail) : "";
  const later = wait ? ` Wait ${wait} s, then ask again.` : " Ask again.";
  switch (status) {
    case 200:
      return { left: "over", said: `${kind === "cancel" ? "Cancelled" : "Changed"}: ${state(body)}` };
    case 401:
      return { left: "token", said: "This is not the operator token. Give the one of the engine's OPERATOR_TOKEN." };
    case 403:
      return { left: "nothing", said: detail || "Writes are off: set OPERATOR_TOKEN for the engine to switch them on." };
    case 404:
      return { left: "nothing", said: "There is no such execution any more." };
    case 409:
      return tooLate(body.execution, detail);
    case 400:
      return { left: "again", said: detail };
    case 429:
      return { left: "again", said: `Too many wrong tokens came from here.${later}` };
    default:
      if (status >= 500) return { left: "again", said: `The answer is ${status}: it is not known whether it is done.${later} It is done once, however often you ask.` };
      return { left: "nothing", said: detail || `The engine answers ${status}. Its log says why.` };
  }
}

export const UNANSWERED = { left: "again", said: "The engine did not answer: it is not known whether it is done. Ask again. It is done once, however often you ask." };

export function state({ executionStatus, quantity: ordered, quantityFilled, limitPrice }) {
  const limit = limitPrice === undefined ? "" : `, limit ${price(limitPrice)}`;
  return `${executionStatus}, ${quantity(quantityFilled)} of ${quantity(ordered)} are filled${limit}.`;
}

function tooLate(execution, detail) {
  if (execution === undefined) return { left: "nothing", said: detail };
  if (execution.isOpen) return { left: "again", said: `${quantity(execution.quantityFilled)} are filled already: the quantity can't be less.` };
  return { left: "nothing", said: `Too late: it is ${state(execution)}` };
}

const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
