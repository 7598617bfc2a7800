// The keyboard: which key does what.

const KEYS = {
  "/": "search",
  j: "down",
  ArrowDown: "down",
  k: "up",
  ArrowUp: "up",
  Enter: "open",
  Escape: "close",
  c: "replace",
  x: "cancel",
  "[": "newest",
  "]": "older",
};

export function listenToKeys(actions) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]")) return; // it has the keyboard
    const typing = event.target.matches("input, select");
    if (typing && event.key === "Escape") {
      event.target.blur();
      return;
    }
    const inButton = event.target.matches("button, a") && event.key === "Enter";
    if (typing || inButton || !(event.key in KEYS)) return;
    event.preventDefault();
    actions[KEYS[event.key]]();
  });
}
