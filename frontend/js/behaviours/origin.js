/** `a[data-origin]`: where a value comes from, in one panel that moves to the mark that was pressed; the focus goes in and comes back. */
import { on, t } from "../attach.js";
import { openAt } from "./popover.js";

let shown = null;

on("click", "a[data-origin]", async (event, mark) => {
  const panel = document.getElementById("gx-origin");
  if (!panel || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (shown === mark && panel.matches(":popover-open")) return panel.hidePopover();
  panel.hidePopover();
  shown = mark;
  panel.setAttribute("aria-label", mark.textContent.trim());
  panel.innerHTML = '<span class="gx-wait"></span><span class="gx-wait"></span>';
  openAt(panel, mark);
  try {
    const answer = await fetch(mark.href, { headers: { "HX-Request": "true" }, credentials: "same-origin" });
    if (!answer.ok) throw new Error(String(answer.status));
    const text = await answer.text();
    if (shown !== mark || !panel.matches(":popover-open")) return;
    await window.htmx.swap({ text, target: panel, swap: "innerHTML", sourceElement: panel });
    panel.focus({ preventScroll: true });
  } catch {
    panel.hidePopover();
    document.dispatchEvent(new CustomEvent("gx:toast", { detail: { level: "error", text: t("offline") } }));
  }
});

document.addEventListener("toggle", (event) => {
  if (event.target.id !== "gx-origin") return;
  shown?.setAttribute("aria-expanded", String(event.newState === "open"));
  if (event.newState === "closed") {
    if (document.activeElement === document.body) shown?.focus({ preventScroll: true });
    shown = null;
  }
}, true);
