/**
 * Attach a behaviour to every element that carries its data attribute, now and after each htmx swap, once per element.
 * `attach(root => …)` style modules that can work by event delegation should do that instead and need not be here.
 */
const behaviours = [];

/** @param {string} selector @param {(element: HTMLElement) => void} start */
export function attach(selector, start) {
  const seen = new WeakSet();
  const run = (root) => {
    const found = root.matches?.(selector) ? [root] : [];
    for (const element of [...found, ...root.querySelectorAll(selector)]) {
      if (seen.has(element)) continue;
      seen.add(element);
      start(element);
    }
  };
  behaviours.push(run);
}

export function begin() {
  const all = (root) => behaviours.forEach((run) => run(root));
  document.addEventListener("htmx:after:process", (event) => all(event.target === document ? document.body : event.target));
  all(document.body);
}

/** Delegated listener: `handler(event, element)` for the nearest ancestor of the target that matches. */
export function on(type, selector, handler, options) {
  document.addEventListener(type, (event) => {
    const element = event.target instanceof Element ? event.target.closest(selector) : null;
    if (element) handler(event, element);
  }, options);
}

/** A message in the person's language, from the `data-t-…` attributes of <body>. */
export function t(key, values = {}) {
  const text = document.body.dataset[`t${key[0].toUpperCase()}${key.slice(1)}`] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

export const csrf = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";
