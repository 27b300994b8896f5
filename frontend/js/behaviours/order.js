/**
 * `data-order`: rows of a form that are put in order by dragging their handle or with Alt and ↑ ↓. Each row carries a hidden
 * input; the order of the inputs is the order. A change submits the form after a moment's rest, so that several steps are one.
 */
import { attach } from "../attach.js";

attach("[data-order]", (list) => {
  const form = document.getElementById(list.dataset.order);
  const say = document.querySelector(`[data-order-say][data-for="${list.dataset.order}"]`);
  let timer = 0;
  const changed = (row) => {
    const all = [...list.children];
    if (say) say.textContent = say.dataset.orderSay.replace("{name}", row.dataset.name ?? "").replace("{n}", all.indexOf(row) + 1).replace("{of}", all.length);
    clearTimeout(timer);
    timer = setTimeout(() => {
      form.elements.moved.value = row.dataset.id;
      form.elements.order.value = all.map((one) => one.dataset.id).join(",");
      form.requestSubmit();
    }, 700);
  };
  list.addEventListener("keydown", (event) => {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const row = event.target.closest("[data-id]");
    if (!event.altKey || !by || !row || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    const other = by < 0 ? row.previousElementSibling : row.nextElementSibling;
    if (!other) return;
    const focused = document.activeElement;
    if (by < 0) other.before(row);
    else other.after(row);
    focused.focus();
    changed(row);
  });
  if (list.dataset.orderFocus) list.querySelector(`[data-id="${CSS.escape(list.dataset.orderFocus)}"] [data-grip]`)?.focus();

  let dragged = null;
  let from = -1;
  list.addEventListener("dragstart", (event) => {
    dragged = event.target.closest?.("[data-id]");
    if (!dragged) return;
    from = [...list.children].indexOf(dragged);
    event.dataTransfer.effectAllowed = "move";
    dragged.classList.add("gx-dragged");
  });
  list.addEventListener("dragover", (event) => {
    const row = event.target.closest("[data-id]");
    if (!dragged || !row || row === dragged) return;
    event.preventDefault();
    const box = row.getBoundingClientRect();
    if (event.clientY > box.top + box.height / 2) row.after(dragged);
    else row.before(dragged);
  });
  list.addEventListener("dragend", () => {
    if (!dragged) return;
    dragged.classList.remove("gx-dragged");
    if ([...list.children].indexOf(dragged) !== from) changed(dragged);
    dragged = null;
  });
});
