/**
 * Large work under way, at the foot of every page: `HX-Trigger: gx:work {url}` begins it, `[data-work]` on a page makes it known.
 * What is followed is remembered in the browser, so that it is there again after a reload or in a new tab, until it is closed.
 */
import { attach, on } from "../attach.js";

const KEY = "gx-work";

function known() {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "[]").filter((url) => /^\/work\/\d+\/state$/.test(url));
  } catch {
    return [];
  }
}

function keep(urls) {
  try {
    localStorage.setItem(KEY, JSON.stringify([...new Set(urls)].slice(-5)));
  } catch {
    // without storage it lasts as long as the page
  }
}

const drop = (url) => keep(known().filter((other) => other !== url));

function tray() {
  let box = document.querySelector(".gx-tray");
  if (!box) {
    box = document.createElement("div");
    box.className = "gx-tray";
    document.body.append(box);
  }
  return box;
}

async function show(url) {
  if (document.querySelector(`[data-work="${url}"]`)) return; // this page is about it
  try {
    const answer = await fetch(`${url}?tray=1`, { headers: { "HX-Request": "true" }, credentials: "same-origin" });
    if (answer.status === 404 || answer.status === 401) return drop(url);
    if (!answer.ok || document.querySelector(`[data-work="${url}"]`)) return;
    const box = document.createElement("div");
    box.innerHTML = await answer.text();
    const item = box.firstElementChild;
    const place = tray();
    place.setAttribute("role", "region");
    place.setAttribute("aria-label", item.dataset.label);
    place.append(item);
    window.htmx?.process(item);
  } catch {
    // the next page asks again
  }
}

/** The list behind shows what became of its rows. */
async function refresh() {
  const rows = document.getElementById("rows");
  if (!rows || document.querySelector("#gx-cell-editor form")) return;
  const answer = await fetch(location.href, { headers: { "HX-Request": "true", "HX-Target": "div#rows" }, credentials: "same-origin" });
  if (answer.ok) await window.htmx.swap({ text: await answer.text(), target: rows, swap: "outerHTML", sourceElement: rows });
}

/** Work that is taken back by more work: its notice makes room for that of the undo. */
let undoing = null;
on("submit", "form[data-work-undo]", (_, form) => {
  undoing = form.closest("[data-work]");
});

document.addEventListener("gx:work", (event) => {
  if (undoing) {
    drop(undoing.dataset.work);
    undoing.remove();
    undoing = null;
  }
  keep([...known(), event.detail.url]);
  show(event.detail.url);
});

attach("[data-work]", (item) => {
  const url = item.dataset.work;
  const ongoing = () => ["waiting", "running"].includes(item.dataset.workState);
  if (!ongoing()) return;
  keep([...known(), url]);
  new MutationObserver((_, observer) => {
    if (ongoing()) return;
    observer.disconnect();
    if (item.dataset.workState === "done" && item.closest(".gx-tray")) refresh();
  }).observe(item, { attributes: true, attributeFilter: ["data-work-state"] });
});

on("click", "[data-work-close]", (_, button) => {
  const item = button.closest("[data-work]");
  drop(item.dataset.work);
  item.remove();
});

for (const url of known()) {
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => show(url));
  else show(url);
}

/** A form that answers with a file leaves the page as it is; its dialog has done its part. */
on("submit", "form[data-download]", (_, form) => setTimeout(() => form.closest("dialog")?.close()));
