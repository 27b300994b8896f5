/**
 * Short notices. Rendered by the server into #toasts (page or fragment), or raised by `HX-Trigger: {"gx:toast": {…}}`
 * with text, level and undo (a URL to post to). They leave by themselves unless they report an error or are looked at.
 */
import { attach, csrf, on, t } from "../attach.js";

const STAY = 8000;

attach(".gx-toast", (toast) => {
  let timer;
  const stop = () => clearTimeout(timer);
  const start = () => {
    stop();
    if (toast.dataset.level !== "error" && !toast.matches(":hover, :focus-within")) timer = setTimeout(() => leave(toast), STAY);
  };
  for (const event of ["mouseenter", "focusin"]) toast.addEventListener(event, stop);
  for (const event of ["mouseleave", "focusout"]) toast.addEventListener(event, start);
  start();
});

function leave(toast) {
  toast.classList.add("gx-leaving");
  setTimeout(() => toast.remove(), matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 180);
}

on("click", "[data-toast-close]", (_, button) => leave(button.closest(".gx-toast")));

document.addEventListener("gx:toast", (event) => {
  const { text, level = "success", undo, link, label, group } = event.detail;
  const region = document.getElementById("toasts");
  const model = document.getElementById("gx-toast-model");
  if (!region || !model || !text) return;
  const toast = model.content.firstElementChild.cloneNode(true);
  toast.dataset.level = level;
  if (group) {
    // Cell after cell is saved: one notice, of the last one, and no tower of them.
    for (const old of region.querySelectorAll(`[data-group="${group}"]`)) old.remove();
    toast.dataset.group = group;
  }
  toast.querySelector("[data-toast-text]").textContent = text;
  toast.setAttribute("role", level === "error" ? "alert" : "status");
  const form = toast.querySelector("form");
  if (undo) {
    form.action = undo;
    form.querySelector('[name="csrfmiddlewaretoken"]').value = csrf();
  } else {
    form.remove();
  }
  const anchor = toast.querySelector("[data-toast-link]");
  if (link) Object.assign(anchor, { href: link, textContent: label ?? t("show") });
  else anchor.remove();
  region.append(toast);
  window.htmx.process(toast);
});
