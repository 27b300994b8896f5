/** `HX-Trigger: gx:shut`: what a dialog was for is done, so it shuts; its form no longer counts as unsaved. */
document.addEventListener("gx:shut", () => {
  for (const dialog of document.querySelectorAll("dialog[open]")) {
    dialog.querySelector("form[data-changed]")?.removeAttribute("data-changed");
    dialog.close();
  }
});
