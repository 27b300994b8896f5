/** `data-copy="…"`: put a value on the clipboard without stray spaces, and say so. */
import { on, t } from "../attach.js";

on("click", "[data-copy]", async (event, button) => {
  event.preventDefault();
  await navigator.clipboard.writeText(button.dataset.copy.trim());
  document.dispatchEvent(new CustomEvent("gx:toast", { detail: { text: t("copied"), level: "info" } }));
});
