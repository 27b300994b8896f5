/**
 * Link fields: type to search, arrows and Enter to choose (never while composing). The hidden input carries the id, the text
 * field the words; `data-url` answers <li role="option" data-value data-label> items for `?q=`.
 */
import { attach, t } from "../attach.js";
import { composing } from "./keys.js";

attach("[data-combobox]", (box) => {
  const text = box.querySelector('input[role="combobox"]');
  const value = box.querySelector('input[type="hidden"]');
  const list = box.querySelector('[role="listbox"]');
  const clear = box.querySelector("[data-clear]");
  let timer;
  let running;
  let chosen = text.value;

  const options = () => [...list.querySelectorAll('[role="option"]')];
  const active = () => list.querySelector('[aria-selected="true"]');
  const open = (yes) => {
    list.hidden = !yes;
    text.setAttribute("aria-expanded", String(yes));
    if (!yes) text.removeAttribute("aria-activedescendant");
  };
  const mark = (option) => {
    for (const other of options()) other.setAttribute("aria-selected", String(other === option));
    if (!option) return;
    text.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  };
  const choose = (option) => {
    value.value = option.dataset.value;
    text.value = chosen = option.dataset.label ?? option.textContent.trim();
    if (clear) clear.hidden = !value.value;
    open(false);
    value.dispatchEvent(new Event("change", { bubbles: true }));
  };

  async function load() {
    running?.abort();
    running = new AbortController();
    const url = new URL(box.dataset.url, location.href);
    url.searchParams.set("q", text.value);
    try {
      const answer = await fetch(url, { headers: { "HX-Request": "true" }, signal: running.signal, credentials: "same-origin" });
      if (!answer.ok) throw new Error(String(answer.status));
      list.innerHTML = await answer.text();
    } catch (error) {
      if (error.name === "AbortError") return;
      list.replaceChildren();
    }
    options().forEach((option, index) => (option.id ||= `${text.id}-option-${index}`));
    if (!options().length) {
      const none = document.createElement("li");
      none.className = "gx-option-none";
      none.textContent = t("nothing");
      list.replaceChildren(none);
    }
    open(true);
    mark(options()[0]);
  }

  text.addEventListener("input", (event) => {
    if (event.isComposing) return;
    clearTimeout(timer);
    timer = setTimeout(load, 150);
  });
  text.addEventListener("compositionend", () => {
    clearTimeout(timer);
    timer = setTimeout(load, 50);
  });
  text.addEventListener("keydown", (event) => {
    if (composing(event)) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) return load();
      const all = options();
      mark(all.at((all.indexOf(active()) + (event.key === "ArrowDown" ? 1 : -1)) % all.length));
    } else if (event.key === "Enter" && !list.hidden && active()) {
      event.preventDefault();
      choose(active());
    } else if (event.key === "Escape" && !list.hidden) {
      event.stopPropagation();
      open(false);
    }
  });
  text.addEventListener("blur", () => {
    setTimeout(() => open(false), 120);
    if (!text.value.trim()) {
      value.value = "";
      chosen = "";
    } else if (value.value && text.value !== chosen) {
      text.value = chosen;
    }
  });
  list.addEventListener("mousedown", (event) => {
    event.preventDefault();
    const option = event.target.closest('[role="option"]');
    if (option) choose(option);
  });
  clear?.addEventListener("click", () => {
    value.value = text.value = chosen = "";
    clear.hidden = true;
    value.dispatchEvent(new Event("change", { bubbles: true }));
    text.focus();
  });
});
