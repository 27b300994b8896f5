/**
 * The handle at the corner of a cell or range of a grid: drawn down or up with mouse, pen or finger, it fills the cells it passes with
 * what stands in the range, over and over. The same request, balance and way back as Ctrl-D. Esc lets go without filling.
 */
import { asRow, send, value } from "./fill.js";
import { gridOf } from "./grid.js";

let drag = null; // {grid, ids, keys, targets, pointer, handle, y, timer}

/** The handle stands in the last cell of the range, where there is something to fill with. */
document.addEventListener("gx:painted", (event) => {
  const { grid } = event.detail;
  if (drag) return;
  const { ids, keys } = grid.range();
  const td = ids.length && grid.known ? grid.cell(ids.at(-1), keys.at(-1)) : null;
  const old = document.querySelector(".gx-cell-handle");
  const open = td && keys.some((key) => grid.known.editors?.[key] && !grid.closed(ids[0], key));
  if (open && old?.parentElement === td) return;
  old?.remove();
  const model = grid.body.querySelector("template[data-handle]");
  if (model && open) td.append(model.content.firstElementChild.cloneNode(true));
});

document.addEventListener("pointerdown", (event) => {
  const handle = event.target.closest?.("[data-fill-handle]");
  const grid = gridOf(handle);
  if (!grid || event.button !== 0 || drag) return;
  event.preventDefault();
  event.stopPropagation(); // the cell below is not meant
  const { ids, keys } = grid.range();
  drag = { grid, ids, keys, targets: [], pointer: event.pointerId, handle, y: event.clientY, x: event.clientX };
  handle.setPointerCapture(event.pointerId);
  grid.body.toggleAttribute("data-filling", true);
  drag.timer = setInterval(scroll, 40);
}, true);

document.addEventListener("pointermove", (event) => {
  if (!drag || event.pointerId !== drag.pointer) return;
  event.preventDefault();
  drag.x = event.clientX;
  drag.y = event.clientY;
  reach();
}, { passive: false });

for (const type of ["pointerup", "pointercancel", "lostpointercapture"]) {
  document.addEventListener(type, (event) => {
    if (drag && event.pointerId === drag.pointer) end(type === "pointerup");
  });
}

document.addEventListener("keydown", (event) => {
  if (!drag || event.key !== "Escape") return;
  event.preventDefault();
  event.stopPropagation();
  end(false);
}, true);

/** Near the edge of the window the list moves on. */
function scroll() {
  if (!drag) return;
  const step = drag.y > innerHeight - 48 ? 14 : drag.y < 96 ? -14 : 0;
  if (!step) return;
  window.scrollBy(0, step);
  reach();
}

/** Which rows lie between the range and the pointer. */
function reach() {
  const { grid, ids, keys } = drag;
  const row = document.elementsFromPoint(drag.x, drag.y).map((element) => element.closest("tr[data-id]")).find((tr) => tr && grid.body.contains(tr));
  if (!row) return;
  const all = grid.rows().map((tr) => tr.dataset.id);
  const at = all.indexOf(row.dataset.id);
  const [top, bottom] = [all.indexOf(ids[0]), all.indexOf(ids.at(-1))];
  drag.targets = at > bottom ? all.slice(bottom + 1, at + 1) : at < top ? all.slice(at, top).reverse() : [];
  for (const td of grid.body.querySelectorAll("td[data-fill]")) td.removeAttribute("data-fill");
  for (const id of drag.targets) for (const key of keys) grid.cell(id, key)?.setAttribute("data-fill", "");
}

async function end(fill) {
  const { grid, ids, keys, targets, pointer, handle, timer } = drag;
  clearInterval(timer);
  drag = null;
  if (handle.hasPointerCapture?.(pointer)) handle.releasePointerCapture(pointer);
  grid.body.removeAttribute("data-filling");
  for (const td of grid.body.querySelectorAll("td[data-fill]")) td.removeAttribute("data-fill");
  if (!fill || !targets.length || !(await grid.load())) return;
  const up = grid.rows().findIndex((row) => row.dataset.id === targets[0]) < grid.rows().findIndex((row) => row.dataset.id === ids[0]);
  const pattern = up ? [...ids].reverse() : ids;
  const rows = targets.map((id, i) => {
    const source = pattern[i % pattern.length];
    const open = keys.filter((key) => value(grid, source, key) !== undefined && !grid.closed(source, key));
    return asRow(grid, id, Object.fromEntries(open.map((key) => [key, value(grid, source, key)])));
  }).filter((row) => Object.keys(row.values).length);
  if (!rows.length) return;
  await send(grid, rows);
  const first = up ? targets.at(-1) : ids[0];
  const last = up ? ids.at(-1) : targets.at(-1);
  grid.focus(first, keys[0]);
  grid.focus(last, keys.at(-1), { extend: true });
}
