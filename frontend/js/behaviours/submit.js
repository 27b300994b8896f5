/** `data-autosubmit`: a select, checkbox or date sends its form when it changes. A form is not sent twice by an impatient click. */
import { on } from "../attach.js";

on("change", "[data-autosubmit]", (_, field) => field.form?.requestSubmit());

on("submit", 'form[method="post" i]:not([hx-post]):not([data-prefer]):not([data-download])', (event, form) => {
  if (event.defaultPrevented) return;
  setTimeout(() => {
    for (const button of form.querySelectorAll("button[type=submit], button:not([type])")) button.disabled = true;
  });
});
addEventListener("pageshow", (event) => {
  if (event.persisted) for (const button of document.querySelectorAll("form button:disabled")) button.disabled = false;
});
