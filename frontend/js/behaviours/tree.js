/**
 * `data-tree`: a tree of rows that are moved by dragging or with Alt and the arrow keys. The rows are one flat list in reading
 * order with their level; what is asked of the server is only: this node, under that parent, before that sibling. The answer
 * brings the whole tree anew with `data-tree-focus` on the row that moved.
 */
import { attach } from "../attach.js";

attach("[data-tree]", (tree) => {
  const form = tree.querySelector("[data-tree-form]");
  const rows = () => [...tree.querySelectorAll(".gx-tree-row")];
  const shown = () => rows().filter((row) => !row.hidden);
  const level = (row) => Number(row.dataset.level);
  const id = (row) => row.dataset.id;

  /** The rows below this one, at any depth. */
  const below = (row) => {
    const found = [];
    for (let next = row.nextElementSibling; next && level(next) > level(row); next = next.nextElementSibling) found.push(next);
    return found;
  };
  const siblings = (row) => rows().filter((other) => other.dataset.parent === row.dataset.parent && level(other) === level(row));
  const parentOf = (row) => rows().find((other) => id(other) === row.dataset.parent);

  const send = (row, parent, before) => {
    if (!form) return;
    form.elements.node.value = id(row);
    form.elements.parent.value = parent;
    form.elements.before.value = before;
    form.elements.was_parent.value = row.dataset.parent;
    tree.setAttribute("aria-busy", "true");
    form.requestSubmit();
  };
  const focus = (row) => {
    if (!row) return;
    for (const other of rows()) other.tabIndex = other === row ? 0 : -1;
    row.focus();
  };

  const fold = (row, open) => {
    if (!row.hasAttribute("aria-expanded")) return;
    row.setAttribute("aria-expanded", String(open));
    let closed = null;
    for (const other of below(row)) {
      if (closed !== null && level(other) > closed) continue;
      closed = null;
      other.hidden = !open;
      if (open && other.getAttribute("aria-expanded") === "false") closed = level(other);
    }
  };

  tree.addEventListener("click", (event) => {
    const button = event.target.closest("[data-tree-fold]");
    const row = event.target.closest(".gx-tree-row");
    if (button) fold(row, row.getAttribute("aria-expanded") === "false");
  });

  tree.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey) return;
    const row = event.target.closest(".gx-tree-row");
    if (!row || event.target !== row) return;
    const key = event.key;
    if (event.altKey) {
      if (!form || !key.startsWith("Arrow")) return;
      event.preventDefault();
      const same = siblings(row);
      const at = same.indexOf(row);
      if (key === "ArrowUp" && at > 0) send(row, row.dataset.parent, id(same[at - 1]));
      if (key === "ArrowDown" && at < same.length - 1) send(row, row.dataset.parent, same[at + 2] ? id(same[at + 2]) : "");
      if (key === "ArrowRight" && at > 0) send(row, id(same[at - 1]), "");
      if (key === "ArrowLeft" && parentOf(row)) {
        const parent = parentOf(row);
        const aunts = siblings(parent);
        const next = aunts[aunts.indexOf(parent) + 1];
        send(row, parent.dataset.parent, next ? id(next) : "");
      }
      return;
    }
    const all = shown();
    const here = all.indexOf(row);
    const to = { ArrowUp: all[here - 1], ArrowDown: all[here + 1], Home: all[0], End: all.at(-1) };
    if (key in to) {
      event.preventDefault();
      focus(to[key]);
    } else if (key === "ArrowRight") {
      event.preventDefault();
      if (row.getAttribute("aria-expanded") === "false") fold(row, true);
      else if (row.hasAttribute("aria-expanded")) focus(all[here + 1]);
    } else if (key === "ArrowLeft") {
      event.preventDefault();
      if (row.getAttribute("aria-expanded") === "true") fold(row, false);
      else focus(parentOf(row));
    } else if (key === "Enter") {
      row.querySelector("a")?.click();
    }
  });

  let dragged = null;
  let mark = null;
  const clear = () => {
    mark?.removeAttribute("data-drop");
    mark = null;
  };
  tree.addEventListener("dragstart", (event) => {
    dragged = event.target.closest?.(".gx-tree-row");
    if (!dragged) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.querySelector(".gx-tree-name").textContent.trim());
    dragged.classList.add("gx-dragged");
  });
  tree.addEventListener("dragover", (event) => {
    const row = event.target.closest(".gx-tree-row");
    if (!dragged || !row) return;
    clear();
    if (row === dragged || below(dragged).includes(row)) return; // under itself there is no place
    event.preventDefault();
    const box = row.getBoundingClientRect();
    const share = (event.clientY - box.top) / box.height;
    row.dataset.drop = share < 0.3 ? "before" : share > 0.7 && !(row.getAttribute("aria-expanded") === "true") ? "after" : "into";
    mark = row;
  });
  tree.addEventListener("dragleave", (event) => {
    if (!tree.contains(event.relatedTarget)) clear();
  });
  tree.addEventListener("drop", (event) => {
    if (!dragged || !mark) return;
    event.preventDefault();
    const where = mark.dataset.drop;
    const same = siblings(mark).filter((row) => row !== dragged);
    const next = same[same.indexOf(mark) + 1];
    if (where === "into") send(dragged, id(mark), "");
    else if (where === "before") send(dragged, mark.dataset.parent, id(mark));
    else send(dragged, mark.dataset.parent, next ? id(next) : "");
    clear();
  });
  tree.addEventListener("dragend", () => {
    dragged?.classList.remove("gx-dragged");
    dragged = null;
    clear();
  });

  if (tree.dataset.treeFocus) focus(rows().find((row) => id(row) === tree.dataset.treeFocus));
});
