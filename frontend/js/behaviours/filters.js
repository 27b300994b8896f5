/**
 * The filter builder. It has parts (`data-filter-part`): the whole, groups, and blocks about related records. The server renders one
 * <template data-field="key"> per field that may be filtered, with its operators and inputs; choosing a field puts a copy of
 * that template into the row. Names carry `__n__`, replaced by the row's number, and in new groups `__g__`.
 *
 * Chips of conditions in force: Delete or Backspace on one takes it away, as its cross does.
 */
import { attach, on } from "../attach.js";

const NAMED = ["name", "id", "for", "value", "aria-controls", "data-filter-part", "list"];

/** A copy of a template with its placeholders filled; templates inside are filled too. */
function copyOf(template, values) {
  const copy = template.content.cloneNode(true);
  const fill = (root) => {
    for (const element of root.querySelectorAll("*")) {
      for (const name of NAMED) {
        let value = element.getAttribute(name);
        if (!value?.includes("__")) continue;
        for (const [key, text] of Object.entries(values)) value = value.replaceAll(key, text);
        element.setAttribute(name, value);
      }
      if (element.content) fill(element.content);
    }
  };
  fill(copy);
  return copy;
}

attach("[data-filter-builder]", (builder) => {
  let next = builder.querySelectorAll("[data-filter-row]").length;
  const parts = builder.querySelector("[data-filter-parts]");

  /** Blocks about related records have fields of their own; all other parts have those of the list. */
  function modelOf(part, key) {
    const all = [...builder.querySelectorAll("template[data-field]")].filter((m) => m.dataset.field === key);
    return all.find((m) => part.dataset.filterPart.startsWith("h") && m.closest("[data-filter-part]") === part)
      ?? all.find((m) => !m.closest("[data-filter-part]"));
  }

  function choose(row, key) {
    const model = modelOf(row.closest("[data-filter-part]"), key);
    const place = row.querySelector("[data-filter-value]");
    place.replaceChildren();
    if (!model) return;
    place.append(copyOf(model, { __n__: row.dataset.filterRow }));
    operator(row);
    window.htmx.process(place);
  }

  /** "is empty" wants no value, "between" wants two, "within" a range. */
  function operator(row) {
    const wanted = (row.querySelector("[data-operator]")?.selectedOptions[0]?.dataset.show ?? "v").split(" ");
    for (const field of row.querySelectorAll("[data-value]")) {
      const shown = wanted.includes(field.dataset.value);
      field.hidden = !shown;
      for (const input of field.matches("input, select") ? [field] : field.querySelectorAll("input, select")) input.disabled = !shown;
    }
  }

  function add(part) {
    const copy = copyOf(part.querySelector("template[data-filter-new]"), { __n__: String(next) });
    const row = copy.firstElementChild;
    row.dataset.filterRow = String(next);
    next += 1;
    part.querySelector("[data-filter-rows]").append(row);
    window.htmx.process(row);
    return row;
  }

  /** The first of g1 … g9 (h1 … h9) that is free; none when all are taken. */
  function place(letter) {
    for (let n = 1; n < 10; n += 1) {
      if (!builder.querySelector(`[data-filter-part="${letter}${n}"]`)) return `${letter}${n}`;
    }
    return "";
  }

  function howMany(part) {
    const select = part.querySelector("[data-how-many]");
    const number = part.querySelector(".gx-filter-n");
    if (number) number.disabled = number.hidden = select.value === "none";
  }

  builder.addEventListener("click", (event) => {
    const part = event.target.closest("[data-filter-part]");
    if (event.target.closest("[data-filter-add]")) add(part).querySelector("select").focus();
    if (event.target.closest("[data-filter-remove]")) {
      event.target.closest("[data-filter-row]").remove();
      part.querySelector("[data-filter-add]").focus();
    }
    if (event.target.closest("[data-filter-remove-part]")) {
      part.remove();
      builder.querySelector("[data-filter-group]").focus();
    }
    if (event.target.closest("[data-filter-group]")) {
      const free = place("g");
      if (!free) return;
      parts.append(copyOf(builder.querySelector("template[data-filter-group-new]"), { __g__: free }));
      const group = parts.lastElementChild;
      add(group).querySelector("select").focus();
      add(group);
    }
  });
  builder.addEventListener("change", async (event) => {
    const row = event.target.closest("[data-filter-row]");
    if (row && event.target.matches("[data-filter-field]")) choose(row, event.target.value);
    if (row && event.target.matches("[data-operator]")) operator(row);
    if (event.target.matches("[data-how-many]")) howMany(event.target.closest("[data-filter-part]"));
    if (event.target.matches("[data-filter-relation]")) {
      const select = event.target;
      const free = place("h");
      if (!select.value || !free) return;
      const url = `${select.dataset.filterRelation}?${new URLSearchParams({ relation: select.value, place: free })}`;
      select.value = "";
      const answer = await fetch(url, { headers: { "HX-Request": "true" } });
      if (!answer.ok) return;
      const made = document.createElement("template");
      made.innerHTML = await answer.text();
      parts.append(made.content);
      window.htmx.process(parts.lastElementChild);
      parts.lastElementChild.querySelector("[data-how-many]").focus();
    }
  });
  for (const row of builder.querySelectorAll("[data-filter-row]")) operator(row);
  for (const part of builder.querySelectorAll("[data-filter-part]")) howMany(part);
  const whole = builder.querySelector('[data-filter-part=""]');
  if (!builder.querySelector("[data-filter-row]")) add(whole);
});

let back = -1;

on("keydown", ".gx-chip a", (event, link) => {
  if (event.key !== "Delete" && event.key !== "Backspace") return;
  event.preventDefault();
  link.closest(".gx-chip").querySelector(".gx-chip-x").click();
});

/** After a chip went the next one has the focus, or the filter button. */
on("click", ".gx-chip-x", (_, link) => {
  back = [...document.querySelectorAll(".gx-chip-x")].indexOf(link);
});
document.addEventListener("htmx:after:swap", () => {
  if (back < 0) return;
  const left = [...document.querySelectorAll(".gx-chip-x")];
  (left[Math.min(back, left.length - 1)] ?? document.querySelector('a[data-key="f"]'))?.focus();
  back = -1;
});
