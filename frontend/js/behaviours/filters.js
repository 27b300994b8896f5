/**
 * The filter builder. The server renders one <template data-field="key"> per field that may be filtered, with its operators and
 * value input; choosing a field puts a copy of that template into the row. Names carry `__n__`, replaced by the row number.
 */
import { attach } from "../attach.js";

attach("[data-filter-builder]", (builder) => {
  let next = builder.querySelectorAll("[data-filter-row]").length;
  const rows = builder.querySelector("[data-filter-rows]");
  const row = builder.querySelector("template[data-filter-new]");

  function fill(at, key) {
    const model = [...builder.querySelectorAll("template[data-field]")].find((m) => m.dataset.field === key);
    const place = at.querySelector("[data-filter-value]");
    place.replaceChildren();
    if (!model) return;
    const copy = model.content.cloneNode(true);
    for (const element of copy.querySelectorAll("[name], [id], [for]")) {
      for (const name of ["name", "id", "for"]) {
        const value = element.getAttribute(name);
        if (value) element.setAttribute(name, value.replace("__n__", at.dataset.filterRow));
      }
    }
    place.append(copy);
    operator(at);
    window.htmx.process(place);
  }

  /** "is empty" wants no value, "between" wants two. */
  function operator(at) {
    const choice = at.querySelector("[data-operator]");
    const needs = choice?.selectedOptions[0]?.dataset.values ?? "1";
    at.querySelectorAll("[data-value]").forEach((field, index) => {
      const wanted = index < Number(needs);
      field.hidden = !wanted;
      for (const input of field.querySelectorAll("input, select, textarea")) input.disabled = !wanted;
    });
  }

  builder.addEventListener("click", (event) => {
    if (event.target.closest("[data-filter-add]")) {
      const copy = row.content.firstElementChild.cloneNode(true);
      copy.dataset.filterRow = String(next);
      for (const named of copy.querySelectorAll("[name*='__n__']")) named.name = named.name.replace("__n__", String(next));
      next += 1;
      rows.append(copy);
      window.htmx.process(copy);
      copy.querySelector("select")?.focus();
    }
    event.target.closest("[data-filter-remove]")?.closest("[data-filter-row]")?.remove();
  });
  builder.addEventListener("change", (event) => {
    const at = event.target.closest("[data-filter-row]");
    if (!at) return;
    if (event.target.matches("[data-filter-field]")) fill(at, event.target.value);
    if (event.target.matches("[data-operator]")) operator(at);
  });
  for (const at of builder.querySelectorAll("[data-filter-row]")) operator(at);
});
