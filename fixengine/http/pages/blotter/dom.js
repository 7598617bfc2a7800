// Elements, made and changed without ever reading text as markup.

const SVG = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

export function element(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

export function drawn(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

// Change only what differs, so that an unchanged cell costs and moves nothing.
export function show(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function dress(node, name) {
  if (node.className !== name) node.className = name;
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}
