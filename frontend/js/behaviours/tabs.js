/** Tabs that switch panels already on the page: `[role=tablist]` with arrow keys. Tabs that are links need none of this. */
import { on } from "../attach.js";

function choose(tab) {
  const list = tab.closest('[role="tablist"]');
  for (const other of list.querySelectorAll('[role="tab"]')) {
    const chosen = other === tab;
    other.setAttribute("aria-selected", String(chosen));
    other.tabIndex = chosen ? 0 : -1;
    const panel = document.getElementById(other.getAttribute("aria-controls"));
    if (panel) panel.hidden = !chosen;
  }
}

on("click", 'button[role="tab"]', (_, tab) => choose(tab));
on("keydown", 'button[role="tab"]', (event, tab) => {
  const tabs = [...tab.closest('[role="tablist"]').querySelectorAll('[role="tab"]')];
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const next = tabs.at((tabs.indexOf(tab) + step) % tabs.length);
  choose(next);
  next.focus();
});
