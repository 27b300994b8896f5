/** `HX-Trigger: gx:shut`: what a dialog was for is done, so it shuts; its form no longer counts as unsaved. */
document.addEventListener("gx:shut", () => {
  for (const dialog of document.querySelectorAll("dialog[open]")) {
    dialog.querySelector("form[data-changed]")?.removeAttribute("data-changed");
    dialog.close();
    // A form that is gone cannot ask whether it may be left: its last field reports a change when it loses the focus.
    // Not at once: what else the answer tells (`gx:toast` …) is told to the form and has to rise from it.
    setTimeout(() => !dialog.open && dialog.querySelector("[data-dialog-body]")?.replaceChildren());
  }
});
