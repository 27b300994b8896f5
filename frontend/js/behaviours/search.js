/** The search box: Ctrl/⌘-K puts the cursor in it; on a phone it unfolds over the bar; Esc leaves. */
import { attach } from "../attach.js";
import { composing } from "./keys.js";

attach("[data-search]", (box) => {
  const input = box.querySelector("input");
  const open = () => {
    box.toggleAttribute("data-open", true);
    input.focus();
    input.select();
  };
  box.addEventListener("gx:search", open);
  document.querySelectorAll("[data-search-open]").forEach((button) => button.addEventListener("click", open));
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !composing(event)) input.blur();
  });
  box.addEventListener("focusout", (event) => {
    if (!box.contains(event.relatedTarget)) box.removeAttribute("data-open");
  });
});
