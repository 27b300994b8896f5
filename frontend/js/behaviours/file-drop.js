/** `data-drop`: a label around a file input that also takes dropped files and shows their names and sizes. */
import { attach } from "../attach.js";

const size = (bytes) => {
  const units = ["B", "kB", "MB", "GB"];
  let power = 0;
  let rest = bytes;
  while (rest >= 1024 && power < 3) [rest, power] = [rest / 1024, power + 1];
  return `${rest.toFixed(power ? 1 : 0)} ${units[power]}`;
};

attach("[data-drop]", (area) => {
  const input = area.querySelector('input[type="file"]');
  const names = area.querySelector("[data-drop-names]");
  const show = () => {
    names.textContent = [...input.files].map((file) => `${file.name} (${size(file.size)})`).join(", ");
    area.toggleAttribute("data-filled", input.files.length > 0);
  };
  for (const type of ["dragenter", "dragover"]) {
    area.addEventListener(type, (event) => {
      event.preventDefault();
      area.toggleAttribute("data-over", true);
    });
  }
  for (const type of ["dragleave", "drop"]) area.addEventListener(type, () => area.removeAttribute("data-over"));
  area.addEventListener("drop", (event) => {
    event.preventDefault();
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
  input.addEventListener("change", show);
  show();
});
