/** `data-dialog="id"` opens a <dialog>; `data-dialog-close` shuts it; a click on the backdrop shuts it unless a form in it is dirty. */
import { attach, on } from "../attach.js";

on("click", "[data-dialog]", (event, button) => {
  const dialog = document.getElementById(button.dataset.dialog);
  if (!dialog) return;
  event.preventDefault();
  dialog.showModal();
});
on("click", "[data-dialog-close]", (_, button) => button.closest("dialog")?.close());

attach("dialog.gx-dialog", (dialog) => {
  dialog.addEventListener("mousedown", (event) => {
    if (event.target === dialog && !dialog.querySelector("form[data-changed]")) dialog.close();
  });
  /** A fragment that lands in the dialog opens it; one that is empty closes it. */
  dialog.addEventListener("htmx:after:settle", () => {
    const filled = dialog.querySelector("[data-dialog-body]")?.children.length;
    if (filled && !dialog.open) dialog.showModal();
    if (!filled && dialog.open) dialog.close();
  });
});
