/**
 * Menus and small panels on the native popover: light dismiss, Esc and top layer come from the browser.
 * This module places them beside their button and adds arrow keys to [role=menu].
 */
import { on } from "../attach.js";
import { composing } from "./keys.js";

const GAP = 4;

function place(panel, anchor) {
  const a = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = panel;
  const wide = document.documentElement.clientWidth;
  const high = window.innerHeight;
  const end = panel.dataset.align === "end" || a.left + width > wide - 8;
  const left = Math.max(8, Math.min(end ? a.right - width : a.left, wide - width - 8));
  const below = a.bottom + GAP + height <= high - 8 || a.top < height + GAP + 8;
  const top = below ? a.bottom + GAP : a.top - GAP - height;
  Object.assign(panel.style, { position: "fixed", inset: "auto", margin: "0", left: `${left}px`, top: `${Math.max(8, top)}px` });
  panel.style.maxHeight = `${Math.max(160, below ? high - a.bottom - GAP - 8 : a.top - GAP - 8)}px`;
}

const buttonOf = (panel) => document.querySelector(`[popovertarget="${CSS.escape(panel.id)}"]`);
const items = (panel) => [...panel.querySelectorAll('[role^="menuitem"]:not([disabled]), [data-menu-item]')];

/** The popover is hidden until placed, so that it never flashes in a corner. */
document.addEventListener("toggle", (event) => {
  const panel = event.target;
  if (!(panel instanceof HTMLElement) || !panel.matches("[popover].gx-pop")) return;
  const button = panel.gxAnchor ?? buttonOf(panel);
  const open = event.newState === "open";
  button?.setAttribute("aria-expanded", String(open));
  if (!open) panel.removeAttribute("style");
  if (!open || !button) return;
  place(panel, button);
  if (panel.getAttribute("role") === "menu") items(panel)[0]?.focus({ preventScroll: true });
  else panel.querySelector("[autofocus]")?.focus({ preventScroll: true });
}, true);

on("keydown", '[role="menu"]', (event, menu) => {
  if (composing(event)) return;
  const list = items(menu);
  const at = list.indexOf(document.activeElement);
  const step = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: list.length - 1 }[event.key];
  if (step !== undefined) {
    event.preventDefault();
    list.at(step % list.length)?.focus();
  } else if (event.key === "Tab") {
    menu.hidePopover?.();
  } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey) {
    const letter = event.key.toLowerCase();
    [...list.slice(at + 1), ...list].find((e) => e.textContent.trim().toLowerCase().startsWith(letter))?.focus();
  }
});

/** Content that arrives later (htmx) changes the size: place again. */
document.addEventListener("htmx:after:settle", (event) => {
  const panel = event.target.closest?.("[popover].gx-pop:popover-open");
  const button = panel && (panel.gxAnchor ?? buttonOf(panel));
  if (button) place(panel, button);
});

export function openAt(panel, anchor) {
  panel.gxAnchor = anchor;
  panel.showPopover();
}
addEventListener("resize", () => document.querySelectorAll("[popover].gx-pop:popover-open").forEach((p) => p.hidePopover()));
