/** Theme and density change at once on the page; the form tells the server in the background. */
import { on } from "../attach.js";

const root = document.documentElement;

function apply(name, value) {
  if (name === "theme") {
    if (value === "auto") root.removeAttribute("data-bs-theme");
    else root.setAttribute("data-bs-theme", value);
  } else if (name === "density") {
    root.setAttribute("data-density", value);
  }
}

on("submit", "form[data-prefer]", (event, form) => {
  const button = event.submitter;
  if (!button) return;
  // Filters and pages change the address without loading anew: come back to what stands there now.
  form.elements.next.value = location.pathname + location.search;
  if (button.name === "language") return;
  event.preventDefault();
  apply(button.name, button.value);
  for (const other of form.elements) {
    if (other.name === button.name) other.setAttribute("aria-checked", String(other === button));
  }
  const body = new FormData(form, button);
  fetch(form.action, { method: "POST", body, headers: { "HX-Request": "true" }, credentials: "same-origin" });
});
