/** Column chooser: tick, and move with the arrow buttons, Alt-arrows or by dragging; the order is the order of the form fields. */
import { attach } from "../attach.js";

attach("[data-columns]", (list) => {
  const move = (item, by) => {
    const other = by < 0 ? item.previousElementSibling : item.nextElementSibling;
    if (!other) return;
    if (by < 0) other.before(item);
    else other.after(item);
    list.dispatchEvent(new Event("change", { bubbles: true }));
  };
  list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-move]");
    if (!button) return;
    move(button.closest("li"), Number(button.dataset.move));
    button.focus();
  });
  list.addEventListener("keydown", (event) => {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const item = event.target.closest("li");
    if (!event.altKey || !by || !item) return;
    event.preventDefault();
    const focused = document.activeElement;
    move(item, by);
    focused.focus();
  });

  let dragged = null;
  list.addEventListener("dragstart", (event) => {
    dragged = event.target.closest("li");
    event.dataTransfer.effectAllowed = "move";
  });
  list.addEventListener("dragover", (event) => {
    const item = event.target.closest("li");
    if (!dragged || !item || item === dragged) return;
    event.preventDefault();
    const box = item.getBoundingClientRect();
    if (event.clientY > box.top + box.height / 2) item.after(dragged);
    else item.before(dragged);
  });
  list.addEventListener("dragend", () => {
    dragged = null;
    list.dispatchEvent(new Event("change", { bubbles: true }));
  });
});
