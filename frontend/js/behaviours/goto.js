/** `a[data-goto="id"]` in the summary of a form that could not be saved: unfold, scroll to the field and put the cursor in it. */
import { on } from "../attach.js";

on("click", "a[data-goto]", (event, link) => {
  const form = link.closest("form");
  const field = form?.querySelector(`[id="${CSS.escape(link.dataset.goto)}"]`);
  if (!field) return;
  event.preventDefault();
  const folded = field.closest("details:not([open])");
  if (folded) folded.open = true;
  field.scrollIntoView({ block: "center" });
  (field.matches("fieldset") ? field.querySelector("input:not([type=hidden]), select, textarea") ?? field : field).focus();
});
