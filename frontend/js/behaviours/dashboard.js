/** A board's filters take hold when they are changed; tiles are put in order by dragging their grip (the buttons do the same). */
import Sortable from "sortablejs";
import { attach, csrf } from "../attach.js";

document.documentElement.classList.add("gx-js");

attach("form[data-dash-filters]", (form) => {
  form.addEventListener("change", () => form.requestSubmit());
  /** Unset filters stay out of the address. */
  form.addEventListener("formdata", ({ formData }) => {
    for (const [name, value] of [...formData]) if (!value) formData.delete(name);
  });
});

attach("[data-dash-order]", (grid) => {
  new Sortable(grid, {
    handle: "[data-dash-grip]",
    animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 150,
    ghostClass: "gx-dash-moving",
    onEnd: ({ oldIndex, newIndex }) => {
      if (oldIndex === newIndex) return;
      const form = document.createElement("form");
      form.method = "post";
      form.action = grid.dataset.dashOrder;
      form.hidden = true;
      const add = (name, value) => form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
      add("csrfmiddlewaretoken", csrf());
      for (const tile of grid.querySelectorAll("[data-tile]")) add("tile", tile.dataset.tile);
      document.body.append(form);
      form.submit();
    },
  });
});
