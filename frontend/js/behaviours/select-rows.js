/**
 * Choose rows of a list: one, a range with Shift, all on the page, all that match. `data-select` on the region holds it;
 * the bar `[data-select-bar]` shows itself with the count. Boxes are ordinary form fields named `id`, so a form posts them.
 */
import { attach, t } from "../attach.js";

attach("[data-select]", (region) => {
  let last = null;
  const boxes = () => [...region.querySelectorAll('input[type="checkbox"][data-row]')];
  const all = () => region.querySelector('input[type="checkbox"][data-row-all]');
  const everything = () => region.querySelector("input[data-select-everything]");

  function show() {
    const list = boxes();
    const chosen = list.filter((box) => box.checked);
    const head = all();
    if (head) {
      head.checked = list.length > 0 && chosen.length === list.length;
      head.indeterminate = chosen.length > 0 && chosen.length < list.length;
    }
    const wide = everything();
    if (wide && chosen.length < list.length) wide.checked = false;
    const bar = region.querySelector("[data-select-bar]");
    if (bar) bar.hidden = chosen.length === 0;
    const offer = region.querySelector("[data-select-offer]");
    if (offer) offer.hidden = chosen.length < list.length || list.length === 0;
    const count = region.querySelector("[data-select-count]");
    if (count) count.textContent = wide?.checked ? count.dataset.all : t("selected", { n: chosen.length });
    for (const box of list) box.closest("tr, [data-row-item]")?.toggleAttribute("data-chosen", box.checked);
  }

  region.addEventListener("click", (event) => {
    const box = event.target.closest?.("input[data-row]");
    if (!box) return;
    if (event.shiftKey && last && last.isConnected) {
      const list = boxes();
      const [from, to] = [list.indexOf(last), list.indexOf(box)].sort((a, b) => a - b);
      for (const between of list.slice(from, to + 1)) between.checked = box.checked;
    }
    last = box;
    show();
  });
  region.addEventListener("change", (event) => {
    if (event.target.matches?.("input[data-row-all]")) for (const box of boxes()) box.checked = event.target.checked;
    show();
  });
  region.addEventListener("click", (event) => {
    if (!event.target.closest?.("[data-select-none]")) return;
    for (const box of boxes()) box.checked = false;
    show();
  });
  region.addEventListener("htmx:after:settle", show);
  addEventListener("pageshow", show);
  show();
});
