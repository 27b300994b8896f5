/**
 * `form[data-attachments]`: files are sent as soon as they are chosen, photographed, dropped on the panel or pasted anywhere on
 * the page. Without this module the form has a button and works as it is.
 */
import { attach } from "../attach.js";

const send = (form, files) => {
  const chosen = [...files];
  if (!chosen.length) return;
  const input = form.querySelector('input[name="file"]');
  const box = new DataTransfer();
  for (const file of chosen) box.items.add(file);
  input.files = box.files;
  form.setAttribute("aria-busy", "true");
  form.requestSubmit();
};

attach("form[data-attachments]", (form) => {
  const input = form.querySelector('input[name="file"]');
  const camera = form.querySelector("[data-attach-camera]");
  const panel = form.closest(".gx-card") ?? form;
  form.querySelector("[data-attach-send]").hidden = true;
  input.addEventListener("change", () => {
    if (input.files.length && form.getAttribute("aria-busy") !== "true") send(form, input.files);
  });
  camera.addEventListener("change", () => send(form, camera.files));
  for (const type of ["dragenter", "dragover"]) {
    panel.addEventListener(type, (event) => {
      if (!form.isConnected || !event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      form.querySelector("[data-attach-drop]").toggleAttribute("data-over", true);
    });
  }
  for (const type of ["dragleave", "drop"]) {
    panel.addEventListener(type, () => form.querySelector("[data-attach-drop]")?.removeAttribute("data-over"));
  }
  panel.addEventListener("drop", (event) => {
    if (!form.isConnected || !event.dataTransfer?.files.length) return;
    event.preventDefault();
    send(form, event.dataTransfer.files);
  });
});

/** A screenshot on the clipboard: pasted text goes where it was pasted, pasted files go to the record. */
document.addEventListener("paste", (event) => {
  const form = document.querySelector("form[data-attachments]");
  const files = event.clipboardData?.files;
  if (!form || !files?.length || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  if (event.clipboardData.getData("text/plain")) return;
  event.preventDefault();
  send(form, files);
});
