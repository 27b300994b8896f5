/**
 * Heads of a list: with Shift a click sorts by this column besides the others; the grip at their end sets the width,
 * by dragging or with the arrow keys. Widths are attributes, kept for this person and view.
 */
import { attach, csrf, on } from "../attach.js";

on("click", "th a[data-also]", (event, link) => {
  if (!event.shiftKey) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  location.assign(link.dataset.also);
}, { capture: true });

attach("table[data-widths]", (table) => {
  const heads = () => [...table.tHead.rows[0].cells];
  let timer = 0;

  /** From as wide as they are to as wide as they are set: nothing moves. */
  function settle() {
    if (table.classList.contains("gx-sized")) return;
    const found = heads().map((head) => Math.round(head.getBoundingClientRect().width));
    heads().forEach((head, i) => head.setAttribute("width", String(found[i])));
    table.classList.add("gx-sized");
  }

  function set(head, width) {
    settle();
    const px = Math.max(48, Math.min(900, Math.round(width)));
    head.setAttribute("width", String(px));
    head.querySelector(".gx-col-grip").setAttribute("aria-valuenow", String(px));
    clearTimeout(timer);
    timer = setTimeout(keep, 400);
  }

  function keep() {
    const widths = Object.fromEntries(
      heads().filter((head) => head.dataset.col).map((head) => [head.dataset.col, Number(head.getAttribute("width"))]),
    );
    const body = new URLSearchParams({ view: table.dataset.view, widths: JSON.stringify(widths) });
    fetch(table.dataset.widths, { method: "POST", body, headers: { "X-CSRFToken": csrf(), "HX-Request": "true" } });
  }

  table.tHead.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest(".gx-col-grip");
    if (!grip) return;
    event.preventDefault();
    const head = grip.closest("th");
    const from = event.clientX;
    const width = head.getBoundingClientRect().width;
    grip.setPointerCapture(event.pointerId);
    const move = (at) => set(head, width + at.clientX - from);
    grip.addEventListener("pointermove", move);
    grip.addEventListener("lostpointercapture", () => grip.removeEventListener("pointermove", move), { once: true });
  });
  table.tHead.addEventListener("keydown", (event) => {
    const grip = event.target.closest(".gx-col-grip");
    const step = { ArrowLeft: -16, ArrowRight: 16 }[event.key];
    if (!grip || !step) return;
    event.preventDefault();
    event.stopPropagation();
    const head = grip.closest("th");
    set(head, head.getBoundingClientRect().width + step);
  });
});
