/** Ctrl-D in a grid: the value of the top cell of each chosen column goes into the cells below, or into the chosen rows. Delete empties. */

export function value(grid, id, key) {
  const found = grid.known?.rows[id]?.values[key];
  return found && typeof found === "object" && "id" in found ? found.id : found;
}

export async function send(grid, rows, extra = {}) {
  const data = new FormData();
  data.append("cells", JSON.stringify({ rows }));
  for (const [name, text] of Object.entries(extra)) data.append(name, text);
  const answer = await grid.post("grid/paste", data);
  const json = answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : null;
  if (answer.ok && json) {
    grid.swap(json.rows);
    grid.say(json.said, json.level, json.undo);
  } else if (json?.problems) {
    grid.say(json.problems.join(" "), "error");
  }
  return answer.ok;
}

export const asRow = (grid, id, values) => ({ id: Number(id), version: Number(grid.version(id)), values });

document.addEventListener("gx:fill", async (event) => {
  const { grid } = event.detail;
  if (!(await grid.load())) return;
  let { ids, keys } = grid.range();
  const ticked = [...grid.body.querySelectorAll("input[data-row]:checked")].map((box) => box.value);
  let source = ids[0];
  let targets = ids.slice(1);
  if (ids.length === 1 && ticked.length) {
    targets = ticked.filter((id) => id !== source);
  } else if (ids.length === 1) {
    const all = grid.rows().map((row) => row.dataset.id);
    source = all[all.indexOf(ids[0]) - 1];
    targets = ids;
  }
  keys = keys.filter((key) => value(grid, source, key) !== undefined && !grid.closed(source, key));
  if (!source || !targets.length) return;
  if (!keys.length) return grid.say(grid.closed(source, grid.at.key));
  const values = Object.fromEntries(keys.map((key) => [key, value(grid, source, key)]));
  await send(grid, targets.map((id) => asRow(grid, id, values)));
});

document.addEventListener("gx:clear", async (event) => {
  const { grid } = event.detail;
  if (!(await grid.load())) return;
  const { ids, keys } = grid.range();
  const open = keys.filter((key) => !grid.closed(ids[0], key));
  if (!open.length) return grid.say(grid.closed(ids[0], keys[0]));
  const values = Object.fromEntries(open.map((key) => [key, ""]));
  await send(grid, ids.map((id) => asRow(grid, id, values)));
});
