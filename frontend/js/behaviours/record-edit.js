/**
 * Values of a record page changed where they stand. A click on a value, Enter on its pencil or E opens the editor of its kind;
 * Enter saves, Esc cancels, Tab saves and goes on to the next value (one request does both), a click elsewhere saves.
 * Nothing acts while an input method composes.
 */
import { attach, on } from "../attach.js";
import { composing } from "./keys.js";

const FIELDS = "input:not([type=hidden]):not([tabindex='-1']), select, textarea";
const record = () => document.getElementById("record");
const facts = () => [...(record()?.querySelectorAll("[data-fact]") ?? [])].filter((fact) => fact.getClientRects().length);
const factOf = (key) => record()?.querySelector(`[data-fact="${CSS.escape(key)}"]`);
const current = () => document.getElementById("cell-form");
const state = (form) => JSON.stringify([...new FormData(form)].filter(([name, v]) => name !== "then" && typeof v === "string"));
const inputs = (form) => [...form.querySelectorAll(FIELDS)].filter((field) => field.getClientRects().length && !field.disabled);

/** Which value has the focus once the answer is there. */
let back = "";
const before = new WeakMap();

function focusOn(fact) {
  (fact?.querySelector("[data-fact-edit]") ?? fact?.querySelector("a, button"))?.focus();
}

function enter(form) {
  const wrong = form.querySelector('[aria-invalid="true"]');
  const first = wrong ?? form.querySelector("input[type=radio]:checked") ?? inputs(form)[0];
  first?.focus();
  if (first?.matches("input[type=text], input[type=email], input:not([type])")) first.select();
}

const dirty = (form) => {
  const file = form.querySelector("input[type=file]");
  return state(form) !== before.get(form) || Boolean(file?.files.length) || Boolean(form.querySelector('[aria-invalid="true"], .gx-problem'));
};

function cancel(form, focus = true) {
  const fact = form.closest("[data-fact]");
  form.remove();
  if (focus) focusOn(fact);
}

function save(form, then = "") {
  back = then || form.dataset.cellForm;
  form.querySelector('[name="then"]').value = then;
  form.requestSubmit();
}

/** Leaves the editor that stands open, if any, towards another value or none. True when the answer will open `then` itself. */
function leave(then = "") {
  const form = current();
  if (!form) return false;
  if (dirty(form)) {
    save(form, then);
    return true;
  }
  cancel(form, false);
  return false;
}

function open(fact) {
  if (!fact || fact.contains(current())) return;
  const key = fact.dataset.fact;
  const folded = fact.closest("details:not([open])");
  if (folded) folded.open = true;
  if (leave(key)) return;
  window.htmx.ajax("GET", `${record().dataset.record}cell/${key}`, {
    source: fact, target: fact.querySelector("dd") ?? fact, swap: "beforeend",
  });
}

attach("form[data-cell-form]", (form) => {
  before.set(form, state(form));
  enter(form);
});

on("click", "#record [data-fact-edit]", (event, link) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open(link.closest("[data-fact]"));
});
on("click", "#record [data-fact-open]", (event, link) => {
  const fact = factOf(link.dataset.factOpen);
  if (!fact || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  fact.scrollIntoView({ block: "nearest" });
  open(fact);
});
on("click", "#record [data-fact]", (event, fact) => {
  if (event.defaultPrevented || event.target.closest("a, button, input, select, textarea, label, form")) return;
  if (!event.target.closest("dd, .gx-record-tags") || String(getSelection())) return;
  open(fact);
});
on("click", "[data-cell-cancel]", (event, button) => cancel(button.closest("form")));

/** A press anywhere else saves; toasts, dialogs and menus are not elsewhere. */
document.addEventListener("pointerdown", (event) => {
  const form = current();
  if (!form || form.contains(event.target)) return;
  if (event.target.closest?.("dialog, [popover], .gx-toast, [data-fact], [data-fact-open]")) return;
  leave();
}, true);

document.addEventListener("keydown", (event) => {
  if (composing(event) || event.altKey) return;
  const form = event.target.closest?.("form[data-cell-form]");
  if (form) return typed(event, form);
  if (event.ctrlKey || event.metaKey || event.target.closest?.("input, select, textarea, dialog, [popover]")) return;
  const here = event.target.closest?.("#record [data-fact]") ?? null;
  if (event.key.toLowerCase() === "e" && !event.shiftKey) {
    const fact = here ?? document.querySelector("#record [data-fact]:hover");
    if (!fact) return;
    event.preventDefault();
    open(fact);
  } else if (here && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    const all = facts();
    const next = all[all.indexOf(here) + (event.key === "ArrowDown" ? 1 : -1)];
    if (!next) return;
    event.preventDefault();
    focusOn(next);
  }
}, true);

function typed(event, form) {
  if (event.key === "Escape") {
    if (form.querySelector('[role="listbox"]:not([hidden])')) return; // the list of a search field shuts first
    event.preventDefault();
    event.stopPropagation();
    cancel(form);
  } else if (event.key === "Tab") {
    const all = inputs(form);
    const edge = event.shiftKey ? all[0] : all.at(-1);
    const radio = event.target.type === "radio" && all.every((field) => field.name === event.target.name);
    if (event.target !== edge && !radio) return;
    const others = facts();
    const next = others[others.indexOf(form.closest("[data-fact]")) + (event.shiftKey ? -1 : 1)];
    event.preventDefault();
    if (next) open(next);
    else if (!leave()) focusOn(form.closest("[data-fact]"));
  } else if (event.key === "Enter" && !event.shiftKey && !event.ctrlKey && !event.metaKey) {
    if (event.target.matches("textarea, button, a")) return;
    if (form.querySelector('[role="listbox"]:not([hidden]) [aria-selected="true"]')) return; // chooses first
    event.preventDefault();
    if (dirty(form)) save(form);
    else cancel(form);
  }
}

/** The answer is drawn: the focus goes to the editor that came open with it, else back to the value that was changed. */
document.addEventListener("htmx:after:swap", () => {
  if (!back) return;
  const key = back;
  setTimeout(() => {
    if (document.querySelector("dialog[open]")) return;
    back = "";
    const form = current();
    if (!form) focusOn(factOf(key));
    else if (!form.contains(document.activeElement)) enter(form);
  });
});

/** Folded fields stay unfolded when the section is drawn again. */
const unfolded = new Set();
attach("details[data-stays-open]", (details) => {
  if (unfolded.has(details.id)) details.open = true;
  details.addEventListener("toggle", () => {
    if (!details.isConnected) return;
    if (details.open) unfolded.add(details.id);
    else if (!swapping) unfolded.delete(details.id);
  });
});
let swapping = false;
document.addEventListener("htmx:before:swap", () => (swapping = true));
document.addEventListener("htmx:after:swap", () => {
  for (const id of unfolded) document.getElementById(id)?.setAttribute("open", "");
  setTimeout(() => (swapping = false), 50);
});
