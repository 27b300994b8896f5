/**
 * A list as a grid: `tbody[data-grid]` with `data-base` (address of the list) and `data-cols` (its field keys, in order).
 * One cell is the current one (roving tabindex); arrows, Home, End and Page keys move it, Shift extends a range, Space chooses the
 * row, Ctrl-C copies clean values. Editing, filling and pasting stand in files of their own and take part by events on the body:
 * `gx:edit`, `gx:fill`, `gx:clear`, `gx:paste`; `gx:painted` says that another cell or range is the current one.
 */
import { attach, csrf, t } from "../attach.js";
import { composing } from "./keys.js";

const grids = new WeakMap();
let current = null; // the grid that has, or last had, the focus

export const gridOf = (element) => grids.get(element?.closest?.("tbody[data-grid]"));
export const active = () => (current?.body.isConnected ? current : null);

class Grid {
  constructor(body) {
    this.body = body;
    this.base = body.dataset.base;
    this.cols = body.dataset.cols.split(",").filter(Boolean);
    this.info = null; // what the editors need, once it was asked for
    this.at = null; // {id, key} of the current cell
    this.from = null; // where the range began
    this.tabbable = null;
  }

  rows() {
    return [...this.body.querySelectorAll("tr[data-id]")];
  }

  row(id) {
    return this.body.querySelector(`tr[data-id="${id}"]`);
  }

  cells(row) {
    return [...row.children].filter((td) => td.tagName === "TD" && !td.matches(".gx-tick, .gx-act")).slice(0, this.cols.length);
  }

  cell(id, key) {
    const row = this.row(id);
    return row ? this.cells(row)[this.cols.indexOf(key)] : null;
  }

  /** {id, key} of a cell; null for what is none of ours. */
  place(td) {
    const row = td?.closest("tr[data-id]");
    if (!row || row.parentElement !== this.body) return null;
    const index = this.cells(row).indexOf(td);
    return index < 0 ? null : { id: row.dataset.id, key: this.cols[index] };
  }

  load() {
    if (this.info) return this.info;
    const params = new URLSearchParams({ cols: this.cols.join(",") });
    for (const row of this.rows().slice(0, 200)) params.append("id", row.dataset.id);
    const asked = fetch(`${this.base}grid?${params}`, { headers: { "HX-Request": "true" }, credentials: "same-origin" })
      .then((answer) => (answer.ok ? answer.json() : null))
      .then((info) => {
        if (info) this.known = info;
        else this.info = null;
        return info;
      })
      .catch(() => {
        this.info = null;
        return null;
      });
    this.info = asked;
    return asked;
  }

  version(id) {
    return this.row(id)?.dataset.version ?? "";
  }

  focus(id, key, { extend = false } = {}) {
    const td = this.cell(id, key);
    if (!td) return;
    if (this.tabbable && this.tabbable !== td) this.tabbable.tabIndex = -1;
    td.tabIndex = 0;
    this.tabbable = td;
    this.at = { id, key };
    if (!extend || !this.from || !this.row(this.from.id)) this.from = this.at;
    current = this;
    td.focus();
    this.paint();
    this.load().then(() => {
      if (this.closed(id, key) && td.closest("[role=grid]")) td.setAttribute("aria-readonly", "true");
      if (this.at?.id === id && this.at.key === key) this.tell("gx:painted");
    });
  }

  move(down, right, options) {
    if (!this.at) return false;
    const rows = this.rows();
    const r = rows.findIndex((row) => row.dataset.id === this.at.id);
    const c = this.cols.indexOf(this.at.key);
    const row = rows[Math.max(0, Math.min(rows.length - 1, r + down))];
    const key = this.cols[Math.max(0, Math.min(this.cols.length - 1, c + right))];
    if (!row) return false;
    this.focus(row.dataset.id, key, options);
    return row !== rows[r] || key !== this.cols[c];
  }

  /** Rows and columns of the range; one cell is a range too. */
  range() {
    if (!this.at || !this.row(this.at.id)) return { ids: [], keys: [] };
    const all = this.rows().map((row) => row.dataset.id);
    const from = this.from && all.includes(this.from.id) ? this.from : this.at;
    const [top, bottom] = [all.indexOf(from.id), all.indexOf(this.at.id)].sort((a, b) => a - b);
    const [left, right] = [this.cols.indexOf(from.key), this.cols.indexOf(this.at.key)].sort((a, b) => a - b);
    return { ids: all.slice(top, bottom + 1), keys: this.cols.slice(left, right + 1) };
  }

  paint() {
    for (const td of this.body.querySelectorAll("td[data-in]")) td.removeAttribute("data-in");
    const { ids, keys } = this.range();
    if (ids.length * keys.length > 1) {
      for (const id of ids) for (const key of keys) this.cell(id, key)?.setAttribute("data-in", "");
    }
    this.tell("gx:painted");
  }

  /** Why a cell cannot be changed; "" when it can. Asks only what is known. */
  closed(id, key) {
    const { known } = this;
    if (!known) return "";
    const row = known.rows[id];
    if (known.closed[key]) return known.closed[key];
    if (row && !row.may) return known.refused;
    return row?.closed?.[key] ?? "";
  }

  /** A value as text that another program takes: telephone numbers without spaces, amounts and days in one standard. */
  text(id, key) {
    const td = this.cell(id, key);
    if (!td || td.classList.contains("gx-blank")) return "";
    const kind = this.known?.kinds[key];
    const value = this.known?.rows[id]?.values[key];
    if (kind && typeof value === "string" && !["choice", "boolean", "rating"].includes(kind)) {
      return kind === "phone" ? value.replace(/[\s-]+/g, "") : value;
    }
    const link = td.querySelector('a[href^="tel:"]');
    if (link) return link.getAttribute("href").slice(4);
    const named = td.querySelector(".gx-person > span:last-child") ?? td;
    const day = td.querySelector("time[datetime]")?.getAttribute("datetime");
    return day ?? [...named.childNodes].map((node) => node.textContent).join(" ").replace(/\s+/g, " ").trim();
  }

  /** New rows from the server in the place of old ones; the current cell keeps the focus. */
  swap(rows) {
    const had = this.body.contains(document.activeElement) && this.at;
    for (const [id, row] of Object.entries(rows ?? {})) {
      const old = this.row(id);
      if (!old) continue;
      const box = document.createElement("tbody");
      box.innerHTML = row.html;
      const fresh = box.firstElementChild;
      const ticked = old.querySelector("input[data-row]")?.checked;
      if (ticked) {
        fresh.querySelector("input[data-row]").checked = true;
        fresh.setAttribute("data-chosen", "");
      }
      old.replaceWith(fresh);
      window.htmx?.process(fresh);
      if (this.known?.rows[id]) Object.assign(this.known.rows[id], { version: row.version, values: row.values });
    }
    if (had) this.focus(had.id, had.key, { extend: true });
    else this.paint();
  }

  async post(path, data) {
    data.append("cols", this.cols.join(","));
    const answer = await fetch(this.base + path, {
      method: "POST", body: data, headers: { "HX-Request": "true", "X-CSRFToken": csrf() }, credentials: "same-origin",
    });
    const to = answer.headers.get("HX-Redirect");
    if (to) location.assign(to);
    return answer;
  }

  say(text, level = "info", undo = "") {
    if (text) document.dispatchEvent(new CustomEvent("gx:toast", { detail: { text, level, undo, group: "grid" } }));
  }

  tell(name, detail = {}) {
    this.body.dispatchEvent(new CustomEvent(name, { bubbles: true, detail: { grid: this, ...detail } }));
  }
}

const quote = (text) => (/[\t\n\r"]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text);

const printable = (event) => event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;

attach("tbody[data-grid]", (body) => {
  const grid = new Grid(body);
  grids.set(body, grid);
  const table = body.closest("table");
  if (!matchMedia("(max-width: 767.98px)").matches) table?.setAttribute("role", "grid");
  const first = grid.rows()[0];
  if (first && grid.cells(first)[0]) {
    grid.tabbable = grid.cells(first)[0];
    grid.tabbable.tabIndex = 0;
  }
  body.addEventListener("pointerenter", () => grid.load(), { once: true });

  body.addEventListener("focusin", (event) => {
    const place = event.target.tagName === "TD" ? grid.place(event.target) : null;
    if (!place) return;
    current = grid;
    if (place.id !== grid.at?.id || place.key !== grid.at?.key) grid.focus(place.id, place.key);
    pencil(grid, event.target);
  });

  let dragging = false;
  body.addEventListener("pointerdown", (event) => {
    const td = event.target.closest("td");
    const place = grid.place(td);
    if (!place || event.button !== 0 || event.target.closest("a, button, input, label")) return;
    const again = document.activeElement === td && grid.at?.id === place.id && grid.at?.key === place.key;
    if (event.pointerType === "touch") return; // a tap is answered on click, so that a swipe still scrolls
    event.preventDefault(); // no text is chosen; the cell takes the focus
    if (again && !event.shiftKey) return grid.tell("gx:edit", place);
    grid.focus(place.id, place.key, { extend: event.shiftKey });
    dragging = true;
  });
  body.addEventListener("pointermove", (event) => {
    if (!dragging || event.buttons !== 1) return;
    const place = grid.place(document.elementFromPoint(event.clientX, event.clientY)?.closest("td"));
    if (place && (place.id !== grid.at.id || place.key !== grid.at.key)) grid.focus(place.id, place.key, { extend: true });
  });
  addEventListener("pointerup", () => (dragging = false));
  body.addEventListener("click", (event) => {
    const button = event.target.closest(".gx-cell-pencil");
    const place = grid.place(event.target.closest("td"));
    if (!place) return;
    if (button) return grid.tell("gx:edit", place);
    if (event.pointerType === "touch" && !event.target.closest("a, button, input, label")) grid.focus(place.id, place.key);
  });
  body.addEventListener("dblclick", (event) => {
    const place = grid.place(event.target.closest("td"));
    if (place && !event.target.closest("a, button, input, label")) grid.tell("gx:edit", place);
  });

  body.addEventListener("keydown", (event) => {
    if (composing(event) || event.target.tagName !== "TD" || !grid.place(event.target)) return;
    const jump = event.ctrlKey || event.metaKey;
    const extend = { extend: event.shiftKey };
    const page = 10;
    const far = 1e6;
    const moves = {
      ArrowDown: [jump ? far : 1, 0], ArrowUp: [jump ? -far : -1, 0], ArrowLeft: [0, jump ? -far : -1], ArrowRight: [0, jump ? far : 1],
      Home: [jump ? -far : 0, -far], End: [jump ? far : 0, far], PageDown: [page, 0], PageUp: [-page, 0],
    };
    if (moves[event.key] && !event.altKey) {
      event.preventDefault();
      grid.move(...moves[event.key], extend);
    } else if (event.key === "Enter" || event.key === "F2") {
      event.preventDefault();
      grid.tell("gx:edit", { ...grid.at });
    } else if (event.key === " " && !jump) {
      event.preventDefault();
      grid.row(grid.at.id)?.querySelector("input[data-row]")?.click();
    } else if (event.key === "Escape") {
      grid.from = grid.at;
      grid.paint();
    } else if (event.key === "Delete") {
      event.preventDefault();
      grid.tell("gx:clear");
    } else if (jump && event.key.toLowerCase() === "d") {
      event.preventDefault();
      grid.tell("gx:fill");
    } else if (printable(event)) {
      event.stopPropagation(); // a letter typed into a cell is no shortcut
      grid.tell("gx:edit", { ...grid.at, typed: event.key, event });
    }
  });
});

/** The current cell offers a pencil, for hands without a keyboard. */
function pencil(grid, td) {
  const old = document.querySelector(".gx-cell-pencil");
  if (old?.parentElement === td) return;
  old?.remove();
  const model = grid.body.querySelector("template[data-pencil]");
  const place = grid.place(td);
  if (model && place && !grid.closed(place.id, place.key)) td.append(model.content.firstElementChild.cloneNode(true));
}

document.addEventListener("copy", (event) => {
  const grid = active();
  if (!grid || !grid.body.contains(document.activeElement) || document.activeElement.tagName !== "TD") return;
  if (String(getSelection() ?? "")) return;
  const { ids, keys } = grid.range();
  const lines = ids.map((id) => keys.map((key) => grid.text(id, key)));
  const one = lines.length === 1 && keys.length === 1;
  event.clipboardData.setData("text/plain", one ? lines[0][0] : lines.map((line) => line.map(quote).join("\t")).join("\n"));
  event.preventDefault();
  grid.say(t("copied"));
});
