/** Paste from Excel, Sheets or WPS into a grid: what would come of it is shown first, then it is one step with one way back. */
import { on, t } from "../attach.js";
import { active } from "./grid.js";
import { asRow, send } from "./fill.js";

/** Text of a spreadsheet as rows of cells; quoted cells may hold tabs and line ends. */
export function table(text) {
  const rows = [[]];
  let cell = "";
  let quoted = false;
  const clean = text.replace(/\r\n?/g, "\n").replace(/\n$/, "");
  for (let i = 0; i < clean.length; i++) {
    const ch = clean[i];
    if (quoted) {
      if (ch === '"' && clean[i + 1] === '"') {
        cell += '"';
        i++;
      } else if (ch === '"') quoted = false;
      else cell += ch;
    } else if (ch === '"' && cell === "") quoted = true;
    else if (ch === "\t" || ch === "\n") {
      rows.at(-1).push(cell);
      cell = "";
      if (ch === "\n") rows.push([]);
    } else cell += ch;
  }
  rows.at(-1).push(cell);
  return rows;
}

let waiting = null;

document.addEventListener("paste", async (event) => {
  const grid = active();
  if (!grid || !grid.at || !grid.body.contains(document.activeElement) || document.activeElement.tagName !== "TD") return;
  const text = event.clipboardData?.getData("text/plain") ?? "";
  if (!text) return;
  event.preventDefault();
  if (!(await grid.load())) return grid.say(t("offline"), "error");
  const given = table(text);
  const { ids, keys } = grid.range();
  const one = given.length === 1 && given[0].length === 1;
  const all = grid.rows().map((row) => row.dataset.id);
  const top = all.indexOf(ids[0]);
  const left = grid.cols.indexOf(keys[0]);
  const rows = [];
  let beyond = 0;
  if (one) {
    for (const id of ids) rows.push(asRow(grid, id, Object.fromEntries(keys.map((key) => [key, given[0][0]]))));
  } else {
    given.forEach((line, i) => {
      const values = {};
      line.forEach((cell, j) => {
        if (all[top + i] !== undefined && grid.cols[left + j] !== undefined) values[grid.cols[left + j]] = cell;
        else beyond++;
      });
      if (Object.keys(values).length) rows.push(asRow(grid, all[top + i], values));
    });
  }
  if (rows.length === 1 && Object.keys(rows[0].values).length === 1) {
    await send(grid, rows);
    return;
  }
  const data = new FormData();
  data.append("cells", JSON.stringify({ rows }));
  data.append("try", "1");
  data.append("beyond", String(beyond));
  const answer = await grid.post("grid/paste", data);
  if (!answer.ok) return grid.say(t("offline"), "error");
  const dialog = document.getElementById("gx-dialog");
  const body = dialog.querySelector("[data-dialog-body]");
  body.innerHTML = await answer.text();
  window.htmx?.process(body);
  waiting = { grid, rows };
  dialog.showModal();
});

on("click", "[data-paste-apply]", async (_, button) => {
  if (!waiting) return;
  const { grid, rows } = waiting;
  button.disabled = true;
  const done = await send(grid, rows);
  button.disabled = false;
  if (!done) return;
  waiting = null;
  const dialog = button.closest("dialog");
  dialog.close();
  dialog.querySelector("[data-dialog-body]").replaceChildren();
  grid.focus(grid.at.id, grid.at.key, { extend: true });
});
