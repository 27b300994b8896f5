/**
 * The palette: Ctrl/⌘-K, / or the search box open it. Typing asks once for each pause, a newer question ends an older one, and
 * nothing is asked or chosen while an input method composes. Arrows choose, Enter opens (Ctrl/⌘-Enter in a new tab), Esc closes.
 * Acts of the page are its elements with `data-command` (a name, or "" for their own words), with a key, and the buttons of its heading.
 */
import { attach, on } from "../attach.js";
import { composing } from "./keys.js";

const PAUSE = 120;
const ACTS = "[data-command], [data-key], .gx-head-actions a[href], .gx-head-actions button";

const nameOf = (element) =>
  (element.dataset.command || element.getAttribute("aria-label") || element.textContent || element.title).replace(/\s+/g, " ").trim();

/** {names of the page's own acts, names of the frame's, all their elements by place}. */
function actsOfPage() {
  const found = new Map();
  const main = document.getElementById("main");
  for (const element of document.querySelectorAll(ACTS)) {
    if (element.disabled || element.closest("dialog, template, [data-palette-open]")) continue;
    if (!("command" in element.dataset) && !element.checkVisibility()) continue;
    const name = nameOf(element);
    if (name && name.length < 60 && !found.has(name)) found.set(name, element);
  }
  const all = [...found];
  const own = all.filter(([, element]) => main?.contains(element)).slice(0, 40);
  const frame = all.filter(([, element]) => !main?.contains(element)).slice(0, 40);
  return { own: own.map(([name]) => name), frame: frame.map(([name]) => name), elements: [...own, ...frame].map(([, element]) => element) };
}

attach("[data-palette]", (dialog) => {
  const input = dialog.querySelector("input");
  const body = dialog.querySelector("[data-palette-body]");
  const said = dialog.querySelector("[data-palette-said]");
  let timer;
  let running;
  let acts = { own: [], frame: [], elements: [] };
  let answered = null;
  let hurry = null;

  const options = () => [...body.querySelectorAll('[role="option"]')];
  const active = () => body.querySelector('[aria-selected="true"]');

  function mark(option) {
    active()?.setAttribute("aria-selected", "false");
    if (!option) return input.removeAttribute("aria-activedescendant");
    option.setAttribute("aria-selected", "true");
    input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  async function load() {
    clearTimeout(timer);
    running?.abort();
    const mine = (running = new AbortController());
    const words = input.value.trim();
    const url = new URL(dialog.dataset.url, location.href);
    if (words) url.searchParams.set("q", words);
    for (const name of acts.own) url.searchParams.append("a", name);
    if (words) for (const name of acts.frame) url.searchParams.append("c", name);
    dialog.toggleAttribute("data-busy", true);
    try {
      const answer = await fetch(url, { headers: { "HX-Request": "true" }, signal: mine.signal, credentials: "same-origin" });
      if (answer.headers.get("HX-Redirect")) return location.assign(answer.headers.get("HX-Redirect"));
      if (!answer.ok) throw new Error(String(answer.status));
      body.innerHTML = await answer.text();
    } catch (error) {
      if (error.name === "AbortError") return;
      body.replaceChildren();
    }
    if (mine !== running) return;
    dialog.toggleAttribute("data-busy", false);
    answered = words;
    options().forEach((option, index) => (option.id = `gx-option-${index}`));
    input.setAttribute("aria-expanded", String(options().length > 0));
    mark(options()[0]);
    said.textContent = body.firstElementChild?.dataset.said ?? "";
    if (hurry !== null) {
      const newTab = hurry;
      hurry = null;
      choose(active(), newTab);
    }
  }

  function choose(option, newTab) {
    if (!option) return input.form.requestSubmit();
    if (option.dataset.act !== undefined) {
      const element = acts.elements[Number(option.dataset.act)];
      dialog.close();
      element?.focus();
      element?.click();
    } else if (newTab) {
      window.open(option.href, "_blank", "noopener");
    } else {
      dialog.close();
      location.assign(option.href);
    }
  }

  function open() {
    if (dialog.open) return input.select();
    acts = actsOfPage();
    input.value = document.querySelector("[data-words]")?.dataset.words ?? "";
    body.replaceChildren();
    answered = hurry = null;
    dialog.showModal();
    input.focus();
    input.select();
    load();
  }

  dialog.addEventListener("gx:palette", open);
  dialog.addEventListener("close", () => {
    clearTimeout(timer);
    running?.abort();
    said.textContent = "";
  });
  dialog.addEventListener("mousedown", (event) => event.target === dialog && dialog.close());
  dialog.querySelector("[data-palette-close]").addEventListener("click", () => dialog.close());

  input.addEventListener("input", (event) => {
    if (event.isComposing) return;
    clearTimeout(timer);
    timer = setTimeout(load, PAUSE);
  });
  input.addEventListener("compositionend", () => {
    clearTimeout(timer);
    timer = setTimeout(load, 30);
  });
  input.addEventListener("keydown", (event) => {
    if (composing(event)) return;
    const all = options();
    const at = all.indexOf(active());
    const step = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: Math.min(at + 6, all.length - 1), PageUp: Math.max(at - 6, 0) }[event.key];
    if (step !== undefined && all.length) {
      event.preventDefault();
      mark(all.at(step % all.length));
    } else if (event.key === "Enter") {
      event.preventDefault();
      event.stopPropagation();
      // Somebody faster than the answer means what they typed, not what stands there for what they typed before.
      if (answered !== input.value.trim()) {
        hurry = event.ctrlKey || event.metaKey;
        load();
      } else {
        choose(active(), event.ctrlKey || event.metaKey);
      }
    }
  });
  body.addEventListener("mousemove", (event) => {
    const option = event.target.closest('[role="option"]');
    if (option && option !== active()) mark(option);
  });
  body.addEventListener("click", (event) => {
    const option = event.target.closest('[role="option"]');
    if (!option || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    choose(option, false);
  });
});

on("click", "[data-palette-open]", (event) => {
  const dialog = document.getElementById("gx-palette");
  if (!dialog || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  document.documentElement.removeAttribute("data-menu-open");
  dialog.dispatchEvent(new CustomEvent("gx:palette"));
});
