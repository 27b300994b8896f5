/**
 * The board: drag a card with mouse or finger, with the keyboard, or by its menu. A drop is one write; what the server
 * refuses goes back to where it was (or to where somebody else put it meanwhile), and says why. Only the moved card and the
 * heads of two columns change.
 */
import Sortable, { AutoScroll } from "sortablejs/modular/sortable.core.esm.js";
import { attach, csrf } from "../attach.js";
import { Lane, element } from "./lane.js";

Sortable.mount(new AutoScroll());

attach("[data-board]", (board) => {
  const texts = board.dataset;
  const page = board.closest("#board");
  const voice = page.querySelector("[data-board-say]");
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const say = (key, values) => (voice.textContent = fill(texts[`t${key[0].toUpperCase()}${key.slice(1)}`], values));
  const title = (el) => el.querySelector(".gx-deal-head a").textContent.trim();
  const toast = (detail) => document.dispatchEvent(new CustomEvent("gx:toast", { detail }));

  async function load(lane) {
    const place = new URLSearchParams({ col: lane.code, ...(lane.next ? { at: lane.next } : {}) });
    const answer = await fetch(`${texts.rows}&${place}`, { headers: { "HX-Request": "true" } });
    if (!answer.ok || !answer.headers.has("X-Next")) throw new Error(String(answer.status));
    return { html: await answer.text(), next: answer.headers.get("X-Next") };
  }

  const lanes = [...board.querySelectorAll("[data-column]")].map((section) => new Lane(section, load));
  const laneOf = (el) => lanes.find((lane) => lane.section.contains(el));
  const laneBy = (code) => lanes.find((lane) => lane.code === code);
  board.addEventListener("scroll", () => lanes.forEach((lane) => lane.waiting && lane.draw()), { passive: true });

  // Heads of very many records come after the page, estimated; added up exactly when somebody wants it.
  const estimated = page.querySelector("[data-board-estimated]");
  let exact = false;

  async function figures(codes) {
    const asked = new URLSearchParams(codes.map((code) => ["col", code]));
    if (exact) asked.set("exact", "1");
    const answer = await fetch(`${texts.figures}&${asked}`, { headers: { "HX-Request": "true" } });
    if (!answer.ok || !isJson(answer)) return;
    const found = await answer.json();
    heads(found);
    if (estimated && !codes.length) estimated.hidden = !Object.values(found).some((figure) => /^[≈<]/.test(figure.n));
  }
  estimated?.querySelector("[data-board-exact]").addEventListener("click", async (event) => {
    exact = true;
    event.target.disabled = true;
    board.querySelector(".gx-lane h2 a, [data-card]")?.focus({ preventScroll: true });
    await figures([]);
  });
  /** After a move. One card more or less changes no estimate: nothing is asked then. */
  function afterwards(answer, codes) {
    if (answer.figures) heads(answer.figures);
    else if (!estimated || estimated.hidden) figures([...new Set(codes)]);
  }
  const heads = (found) => {
    for (const [code, figure] of Object.entries(found)) laneBy(code)?.head(figure);
  };
  if ("late" in texts) figures([]);

  // Moving -----------------------------------------------------------------------------------------------------------

  /** Tell the server; `item` stands in `to` already and came from the place `index` of `from`. */
  async function send(item, from, to, index) {
    const name = title(item.el);
    const focused = item.el.contains(document.activeElement);
    item.el.setAttribute("aria-busy", "true");
    say("busy", { title: name, column: to.label });
    const back = (text) => {
      item.el?.removeAttribute("aria-busy");
      to.take(item);
      from.put(item, index);
      if (focused) refocus(from, item);
      voice.textContent = "";
      if (text) toast({ text, level: "error" });
      else say("back", { title: name, column: from.label });
    };
    let answer = null;
    let extra = null;
    for (;;) {
      const body = new FormData();
      for (const [key, value] of extra ?? []) body.append(key, value);
      body.set("_id", item.id);
      body.set("_version", item.el.dataset.version);
      body.set("_to", to.code);
      let response;
      try {
        response = await fetch(texts.move, { method: "POST", body, headers: { "X-CSRFToken": csrf(), "HX-Request": "true" } });
        if (isJson(response)) answer = await response.json();
      } catch {
        return back(fill(texts.tFailed, { title: name }));
      }
      if (response.status === 401 && response.headers.get("HX-Redirect")) location.assign(response.headers.get("HX-Redirect"));
      if (!isJson(response)) return back(fill(response.status === 404 || response.status === 403 ? texts.tGone : texts.tFailed, { title: name }));
      if (response.status === 422 && answer.form) {
        extra = await ask(answer.form);
        if (!extra) return back("");
        continue;
      }
      if (response.status === 409) return elsewhere(item, to, answer, focused);
      if (!response.ok) return back(answer.text);
      break;
    }
    const at = to.take(item);
    const there = laneBy(answer.column) ?? to;
    if (answer.card) {
      item.el = element(answer.card);
      there.put(item, there === to ? at : 0);
      if (focused) refocus(there, item);
    }
    afterwards(answer, [from.code, there.code]);
    done(answer, item.id, from.code, index);
  }

  // Taking back ------------------------------------------------------------------------------------------------------

  const steps = new Map(); // {path that takes it back: {id, set, code, index}} of moves made on this page

  /** Say what was done; `code` and `index`: where the card stood before. */
  function done(answer, id, code, index) {
    if (answer.undo) steps.set(answer.undo, { id, set: answer.set, code, index });
    toast({ text: answer.text, undo: answer.undo });
  }

  async function undo(form, step) {
    const notice = form.closest(".gx-toast");
    form.querySelector("button").disabled = true;
    const body = new FormData();
    body.set("_id", step.id);
    body.set("_set", step.set);
    let answer;
    try {
      const response = await fetch(texts.undo, { method: "POST", body, headers: { "X-CSRFToken": csrf(), "HX-Request": "true" } });
      if (!response.ok || !isJson(response)) throw new Error(String(response.status));
      answer = await response.json();
    } catch {
      return form.submit(); // the journal says what is the matter
    }
    steps.delete(new URL(form.action).pathname);
    const from = lanes.find((lane) => lane.index(step.id) >= 0);
    const there = laneBy(answer.column);
    const item = from ? from.items[from.index(step.id)] : { id: step.id, el: null, html: "", height: 0 };
    const was = from ? from.take(item) : 0;
    if (answer.card && there) {
      item.el = element(answer.card);
      there.put(item, there.code === step.code ? step.index : 0);
      refocus(there, item);
    }
    afterwards(answer, [answer.column, ...(from ? [from.code] : [])]);
    notice?.remove();
    done(answer, step.id, from?.code ?? answer.column, was);
  }

  document.addEventListener("submit", (event) => {
    if (!board.isConnected || !event.target.matches?.(".gx-toast form")) return;
    const step = steps.get(new URL(event.target.action).pathname);
    if (!step) return;
    event.preventDefault();
    undo(event.target, step);
  });

  /** Somebody was faster: the card goes where it is by now. */
  function elsewhere(item, to, answer, focused) {
    to.take(item);
    item.el = element(answer.card);
    const lane = laneBy(answer.column);
    lane?.put(item, 0);
    if (lane && focused) refocus(lane, item);
    figures([...new Set([to.code, answer.column])]);
    toast({ text: answer.text, level: "warning" });
  }

  /** Ask for what is missing in a small dialog; resolves to its values, or null when it was shut. */
  function ask(html) {
    const dialog = page.querySelector("[data-board-ask]");
    dialog.querySelector("[data-board-ask-body]").innerHTML = html;
    window.htmx.process(dialog);
    dialog.showModal();
    const form = dialog.querySelector("form");
    return new Promise((resolve) => {
      let values = null;
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        values = new FormData(form);
        dialog.close();
      });
      dialog.addEventListener("close", () => resolve(values), { once: true });
    });
  }

  function refocus(lane, item) {
    const el = item.el ?? lane.show(lane.index(item.id));
    el?.scrollIntoView({ block: "nearest", inline: "nearest" });
    el?.focus({ preventScroll: true });
  }

  // Mouse and finger -------------------------------------------------------------------------------------------------

  for (const lane of lanes) {
    const retired = !page.querySelector(`[data-board-to] [data-to="${CSS.escape(lane.code)}"]`);
    Sortable.create(lane.list, {
      group: { name: "gx-board", put: !retired },
      sort: false,
      draggable: "[data-card]",
      filter: (_event, el) => !el?.hasAttribute?.("data-may-move"),
      preventOnFilter: false,
      animation: still.matches ? 0 : 120,
      delay: 260,
      delayOnTouchOnly: true,
      touchStartThreshold: 6,
      emptyInsertThreshold: 80,
      ghostClass: "gx-deal-ghost",
      dragClass: "gx-deal-drag",
      scrollSensitivity: 80,
      scrollSpeed: 16,
      bubbleScroll: true,
      onStart() {
        cancel();
        lanes.forEach((one) => (one.held = true));
        board.dataset.dragging = "";
      },
      onEnd(event) {
        lanes.forEach((one) => (one.held = false));
        delete board.dataset.dragging;
        const to = laneOf(event.to);
        if (event.from === event.to || !to) return lane.draw();
        const item = lane.items.find((one) => one.el === event.item);
        const next = event.item.nextElementSibling;
        const index = lane.take(item);
        to.put(item, next ? to.index(next.dataset.card) : to.last);
        send(item, lane, to, index);
      },
    });
  }

  // Keyboard ---------------------------------------------------------------------------------------------------------

  let held = null; // {item, lane, index, from}

  function cancel() {
    if (!held) return;
    const { item, lane, from, index } = held;
    held = null;
    delete item.el.dataset.held;
    lane.take(item);
    from.put(item, index);
    refocus(from, item);
    say("back", { title: title(item.el), column: from.label });
  }

  function pick(el) {
    if (!el.hasAttribute("data-may-move")) return say("fixed", { title: title(el) });
    const from = laneOf(el);
    const index = from.index(el.dataset.card);
    held = { item: from.items[index], lane: from, from, index };
    el.dataset.held = "";
    say("picked", { title: title(el), column: from.label });
  }

  function carry(by) {
    const { item, lane } = held;
    const at = lanes.indexOf(lane) + by;
    const to = lanes[at];
    if (!to) return;
    lane.take(item);
    if (to === held.from) to.put(item, held.index);
    else {
      to.scroller.scrollTop = 0;
      to.draw();
      to.put(item, 0);
    }
    held.lane = to;
    item.el.dataset.held = "";
    refocus(to, item);
    say("over", { title: title(item.el), column: to.label, n: at + 1, all: lanes.length });
  }

  function drop() {
    const { item, lane, from, index } = held;
    held = null;
    delete item.el.dataset.held;
    if (lane === from) return say("back", { title: title(item.el), column: from.label });
    send(item, from, lane, index);
  }

  function walk(el, key) {
    const lane = laneOf(el);
    const index = lane.index(el.dataset.card);
    const beside = { ArrowLeft: -1, ArrowRight: 1 }[key];
    let [target, place] = [lane, { ArrowUp: index - 1, ArrowDown: index + 1, Home: 0, End: lane.items.length - 1 }[key]];
    if (beside) {
      let i = lanes.indexOf(lane) + beside;
      while (lanes[i] && !lanes[i].items.length) i += beside;
      if (!lanes[i]) return;
      target = lanes[i];
      place = nearest(target, el.getBoundingClientRect().top);
    }
    const found = target.show(place);
    found?.scrollIntoView({ block: "nearest", inline: "nearest" });
    found?.focus({ preventScroll: true });
  }

  /** The card of a column that stands at about this height. */
  function nearest(lane, top) {
    let best = lane.first;
    for (let i = lane.first; i < lane.last; i += 1) {
      if (Math.abs(lane.items[i].el.getBoundingClientRect().top - top) < Math.abs(lane.items[best].el.getBoundingClientRect().top - top)) best = i;
    }
    return best;
  }

  board.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey || event.altKey) return;
    const el = event.target;
    if (!el.matches?.("[data-card]")) return;
    const { key } = event;
    const does = held
      ? { ArrowLeft: () => carry(-1), ArrowRight: () => carry(1), ArrowUp() {}, ArrowDown() {}, Enter: drop, " ": drop, Escape: cancel, Tab: cancel }[key]
      : /^(Arrow|Home|End)/.test(key) ? () => walk(el, key) : [" ", "Enter"].includes(key) ? () => pick(el) : null;
    if (!does) return;
    event.preventDefault();
    event.stopPropagation();
    does();
  });
  board.addEventListener("focusout", (event) => {
    if (held && event.relatedTarget && !board.contains(event.relatedTarget)) cancel();
  });

  // Menu -------------------------------------------------------------------------------------------------------------

  const chooser = page.querySelector("[data-board-to]");
  let choosing = null;
  board.addEventListener("click", (event) => {
    const button = event.target.closest("[data-board-menu]");
    if (!button) return;
    const el = button.closest("[data-card]");
    choosing = el;
    const from = laneOf(el);
    chooser.querySelector("[data-board-to-what]").textContent = title(el);
    for (const one of chooser.querySelectorAll("[data-to]")) {
      one.toggleAttribute("aria-current", one.dataset.to === from.code);
      if (one.dataset.to === from.code) one.setAttribute("aria-current", "true");
    }
    chooser.showModal();
    chooser.querySelector("[data-to]:not([aria-current])")?.focus();
  });
  chooser.addEventListener("click", (event) => {
    const button = event.target.closest("[data-to]");
    if (!button || !choosing) return;
    chooser.close();
    const [from, to] = [laneOf(choosing), laneBy(button.dataset.to)];
    if (from === to) return;
    const item = from.items[from.index(choosing.dataset.card)];
    const index = from.take(item);
    to.scroller.scrollTop = 0;
    to.draw();
    to.put(item, 0);
    send(item, from, to, index);
  });
});

/** The filter builder opened from a board leads back to it. */
document.addEventListener(
  "submit",
  (event) => {
    const board = document.querySelector("[data-board]");
    if (!board || !event.target.matches?.("[data-filter-builder]")) return;
    const [path] = board.dataset.list.split("?");
    event.target.action = path;
    const by = Object.assign(document.createElement("input"), { type: "hidden", name: "by", value: board.dataset.by });
    event.target.append(by);
  },
  true,
);

const isJson = (response) => (response.headers.get("Content-Type") ?? "").startsWith("application/json");
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
