/** Tabs of saved views: moved by dragging, or with Alt and the arrow keys; the order is kept for this person. */
import { attach, csrf } from "../attach.js";

attach("[data-view-tabs]", (tabs) => {
  const saved = () => [...tabs.querySelectorAll("[data-view]")];

  function keep() {
    const body = new URLSearchParams(saved().map((tab) => ["view", tab.dataset.view]));
    fetch(tabs.dataset.viewTabs, { method: "POST", body, headers: { "X-CSRFToken": csrf(), "HX-Request": "true" } });
  }

  tabs.addEventListener("keydown", (event) => {
    const tab = event.target.closest("[data-view]");
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!tab || !step || !event.altKey) return;
    event.preventDefault();
    const other = saved()[saved().indexOf(tab) + step];
    if (!other) return;
    if (step < 0) other.before(tab);
    else other.after(tab);
    tab.focus();
    keep();
  });

  let dragged = null;
  tabs.addEventListener("dragstart", (event) => {
    dragged = event.target.closest("[data-view]");
    if (dragged) event.dataTransfer.effectAllowed = "move";
  });
  tabs.addEventListener("dragover", (event) => {
    const tab = event.target.closest("[data-view]");
    if (!dragged || !tab) return;
    event.preventDefault();
    if (tab === dragged) return;
    const box = tab.getBoundingClientRect();
    if (event.clientX > box.left + box.width / 2) tab.after(dragged);
    else tab.before(dragged);
  });
  tabs.addEventListener("dragend", () => {
    if (dragged) keep();
    dragged = null;
  });
});
