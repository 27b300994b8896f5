/**
 * Editing a cell of a grid in place. The editor floats over the cell (so that nothing cuts it off and a swap of the row cannot
 * take it away). Enter saves and goes down, Tab saves and goes right, Esc gives up; never while an input method composes.
 * What the server does not take stays in the editor, with the reason; what somebody else saved meanwhile is shown beside it.
 */
import { t } from "../attach.js";
import { composing } from "./keys.js";

let open = null; // {grid, id, key, form, before, saving, waiting}

const frame = () => {
  let box = document.getElementById("gx-cell-editor");
  if (box) return box;
  box = document.createElement("div");
  box.id = "gx-cell-editor";
  box.className = "gx-cell-editor";
  box.popover = "manual";
  document.body.append(box);
  return box;
};

const read = (form) => JSON.stringify([...new FormData(form)].map(([name, value]) => [name, String(value)]));

/** Put a value (text, list of texts, parts of an address, id and name of a record) into the inputs of a form. */
export function put(form, key, value) {
  if (value && typeof value === "object" && !Array.isArray(value)) {
    if ("id" in value) {
      const hidden = form.elements.namedItem(key);
      if (hidden) hidden.value = value.id;
      const words = form.elements.namedItem(`${key}__text`);
      if (words) words.value = value.id ? value.text : "";
      const clear = form.querySelector("[data-clear]");
      if (clear) clear.hidden = !value.id;
      return;
    }
    for (const [part, text] of Object.entries(value)) {
      const input = form.elements.namedItem(`${key}.${part}`);
      if (input) input.value = text;
    }
    return;
  }
  const wanted = Array.isArray(value) ? value : [value];
  for (const input of form.querySelectorAll(`[name="${key}"]`)) {
    if (input.type === "hidden") continue;
    if (input.type === "checkbox" || input.type === "radio") input.checked = wanted.includes(input.value);
    else if (input.multiple) for (const option of input.options) option.selected = wanted.includes(option.value);
    else input.value = wanted[0] ?? "";
  }
}

function position(td) {
  const box = frame();
  const at = td.getBoundingClientRect();
  const wide = Math.max(at.width, Math.min(260, innerWidth - 16));
  box.style.setProperty("min-width", `${Math.round(at.width)}px`);
  box.style.setProperty("left", `${Math.max(8, Math.min(at.left, innerWidth - wide - 8))}px`);
  box.style.setProperty("top", `${at.top}px`);
  box.style.setProperty("--gx-cell-height", `${Math.round(at.height)}px`);
  const own = box.getBoundingClientRect();
  if (own.bottom > innerHeight - 8) box.style.setProperty("top", `${Math.max(8, innerHeight - own.height - 8)}px`);
  if (own.right > innerWidth - 8) box.style.setProperty("left", `${Math.max(8, innerWidth - own.width - 8)}px`);
}

function shut({ back = true } = {}) {
  if (!open) return;
  const { grid, id, key } = open;
  open = null;
  const box = frame();
  box.hidePopover?.();
  box.replaceChildren();
  if (back) grid.focus(id, key, { extend: true });
}

async function start(event) {
  const { grid, id, key, typed, event: pressed } = event.detail;
  if (open) return;
  const why = grid.closed(id, key);
  if (why) {
    pressed?.preventDefault();
    return grid.say(why);
  }
  const ready = grid.known;
  if (!ready) pressed?.preventDefault(); // the letter is put in by hand once the editor is there
  const info = ready ?? (await grid.load());
  if (open) return;
  if (!info) return grid.say(t("offline"), "error");
  const late = ready ? "" : typed;
  const reason = grid.closed(id, key);
  if (reason) return grid.say(reason);
  if (!info.editors[key] || !info.rows[id]) return;
  const td = grid.cell(id, key);
  if (!td) return;
  const box = frame();
  box.setAttribute("role", "dialog");
  box.setAttribute("aria-label", `${td.dataset.label ?? td.closest("table")?.querySelectorAll("thead th")[td.cellIndex]?.textContent.trim() ?? key}`);
  const form = document.createElement("form");
  form.noValidate = true;
  form.autocomplete = "off";
  form.innerHTML = `${info.editors[key]}<div class="gx-problem" role="alert" hidden></div>`;
  const buttons = grid.body.querySelector("template[data-cell-buttons]");
  if (buttons) form.append(buttons.content.cloneNode(true));
  box.replaceChildren(form);
  put(form, key, info.rows[id].values[key]);
  open = { grid, id, key, form, before: read(form), saving: false, keys: "" };
  box.showPopover();
  window.htmx?.process(form);
  position(td);
  const input = form.querySelector("input:not([type=hidden]), select, textarea");
  input?.focus();
  const texty = input?.matches("textarea, input:not([type=checkbox]):not([type=radio]):not([type=date]):not([type=datetime-local])");
  if (texty) {
    input.select();
    if (late) {
      input.value = late;
      input.dispatchEvent(new Event("input", { bubbles: true }));
    }
  } else if (typed && pressed) {
    if (!(input instanceof HTMLSelectElement) && input?.type !== "date") pressed.preventDefault();
  }
  if (input instanceof HTMLSelectElement && !typed) {
    try {
      input.showPicker?.();
    } catch {
      // only after a gesture of the person; the list opens by itself then
    }
  }
  form.addEventListener("submit", (submit) => {
    submit.preventDefault();
    save(1, 0);
  });
  form.addEventListener("click", (click) => {
    if (click.target.closest("[data-cell-cancel]")) shut();
  });
  form.addEventListener("keydown", pressedIn);
  // Chosen with mouse or thumb, that is all there is to say; with the arrows one is still on the way.
  let keyed = false;
  input?.addEventListener("keydown", () => (keyed = true));
  if (input instanceof HTMLSelectElement && !input.multiple) {
    input.addEventListener("change", () => {
      if (!keyed) save(0, 0);
    });
  }
  form.addEventListener("htmx:before:request", (request) => request.preventDefault());
}

function pressedIn(event) {
  if (!open) return;
  if (composing(event)) return;
  event.stopPropagation(); // the page behind does not hear it
  if (open.saving) {
    if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) open.keys += event.key;
    return event.preventDefault();
  }
  if (event.key === "Escape") {
    event.preventDefault();
    shut();
  } else if (event.key === "Enter" && !event.altKey && !(event.target.matches("textarea") && event.shiftKey) && !event.target.closest("button")) {
    event.preventDefault();
    save(event.shiftKey ? -1 : 1, 0);
  } else if (event.key === "Tab") {
    const fields = [...open.form.querySelectorAll("input:not([type=hidden]), select, textarea, button")].filter((e) => e.tabIndex >= 0 && e.checkVisibility());
    const inside = fields.length > 1 && open.form.querySelector(".gx-address, .gx-cell-conflict");
    const edge = event.shiftKey ? fields[0] : fields.at(-1);
    if (inside && event.target !== edge) return;
    event.preventDefault();
    save(0, event.shiftKey ? -1 : 1);
  }
}

function refuse(texts) {
  const box = open.form.querySelector(".gx-problem");
  box.textContent = texts.join(" ");
  box.hidden = false;
  const input = open.form.querySelector("input:not([type=hidden]), select, textarea");
  input?.setAttribute("aria-invalid", "true");
  input?.focus();
  position(open.grid.cell(open.id, open.key));
}

/** Both values, and the person decides; what was typed is still in the editor. */
function conflict(answer) {
  const { grid, id, form } = open;
  const old = form.querySelector(".gx-cell-conflict");
  const model = grid.body.querySelector("template[data-conflict]");
  const part = model.content.firstElementChild.cloneNode(true);
  const list = part.querySelector("[data-list]");
  for (const field of answer.conflict) {
    const line = list.querySelector("template").content.cloneNode(true);
    line.querySelector("[data-theirs]").textContent = field.theirs || "–";
    line.querySelector("[data-yours]").textContent = field.yours || "–";
    line.querySelector("[data-who]").textContent = field.who;
    list.append(line);
  }
  part.querySelector("[data-mine]").addEventListener("click", () => {
    grid.row(id).dataset.version = answer.version;
    part.remove();
    save(0, 0);
  });
  part.querySelector("[data-their]").addEventListener("click", async () => {
    shut();
    const data = new FormData();
    data.append("cells", JSON.stringify({ rows: [{ id: Number(id), version: answer.version, values: {} }] }));
    const again = await grid.post("grid/paste", data);
    if (again.ok) grid.swap((await again.json()).rows);
  });
  old?.remove();
  form.append(part);
  part.querySelector("button")?.focus();
  position(grid.cell(id, open.key));
}

async function save(down, right) {
  if (!open || open.saving) return;
  const { grid, id, key, form, before } = open;
  if (read(form) === before && !form.querySelector(".gx-problem:not([hidden])")) {
    shut();
    if (down || right) grid.move(down, right);
    return;
  }
  const data = new FormData(form);
  data.append("key", key);
  data.append("version", grid.version(id));
  open.saving = true;
  form.setAttribute("aria-busy", "true");
  let answer;
  try {
    const response = await grid.post(`${id}/grid`, data);
    if (response.status === 200 || response.status === 422 || response.status === 409) answer = { status: response.status, ...(await response.json()) };
    else answer = { status: response.status };
  } catch {
    answer = { status: 0 };
  }
  if (!open || open.form !== form) return;
  open.saving = false;
  form.removeAttribute("aria-busy");
  if (answer.status === 200) {
    const typed = open.keys;
    grid.swap(answer.rows);
    shut();
    grid.say(answer.said, answer.level, answer.undo);
    const moved = (down || right) && grid.move(down, right);
    if (moved && typed) {
      grid.tell("gx:edit", { ...grid.at });
      const input = open?.form.querySelector("input[type=text], input[type=tel], input[type=email], input[type=url], textarea");
      if (input) input.value = typed;
    }
    return;
  }
  if (answer.status === 409) return conflict(answer);
  if (answer.status === 422) return refuse(answer.problems);
  refuse([t("offline")]);
}

document.addEventListener("gx:edit", start);
/** A click elsewhere keeps what was typed, like Enter; nothing typed, nothing sent. */
document.addEventListener("pointerdown", (event) => {
  if (!open || frame().contains(event.target) || open.saving) return;
  if (read(open.form) === open.before) shut({ back: false });
  else if (!open.form.querySelector(".gx-cell-conflict")) save(0, 0);
}, true);
addEventListener("scroll", () => {
  const td = open?.grid.cell(open.id, open.key);
  if (td) position(td);
}, { capture: true, passive: true });
addEventListener("resize", () => {
  const td = open?.grid.cell(open.id, open.key);
  if (td) position(td);
});
/** The list behind was exchanged (another page, another filter): what was being typed belongs to no row any more. */
document.addEventListener("htmx:after:settle", () => {
  if (open && !open.grid.body.isConnected) {
    open = null;
    frame().hidePopover?.();
    frame().replaceChildren();
  }
});
