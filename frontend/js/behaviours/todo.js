/** A list of next steps: when one is done the focus goes to the next, and the figure beside the heading stays true. */
import { attach } from "../attach.js";

attach("ul.gx-todos", (list) => {
  const group = list.closest("[data-todo-group]");
  let at = -1;
  list.addEventListener("submit", (event) => {
    at = [...list.children].indexOf(event.target.closest("[data-step]"));
  });
  new MutationObserver(() => {
    const left = list.children.length;
    if (group) {
      group.querySelector(".gx-count").textContent = left;
      group.hidden = left === 0;
    }
    if (at >= 0 && document.activeElement === document.body) {
      const next = list.children[Math.min(at, left - 1)] ?? document.querySelector("ul.gx-todos > li");
      (next?.querySelector(".gx-tick-button, a") ?? document.getElementById("main"))?.focus({ preventScroll: true });
    }
    at = -1;
  }).observe(list, { childList: true });
});
