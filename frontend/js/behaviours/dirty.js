/** `form[data-guard]`: what was typed is not lost by leaving. */
import { attach, t } from "../attach.js";

const dirty = new Set();
const state = (form) => JSON.stringify([...new FormData(form)].filter(([, v]) => typeof v === "string"));

attach("form[data-guard]", (form) => {
  const before = state(form);
  const look = () => {
    const changed = state(form) !== before;
    form.toggleAttribute("data-changed", changed);
    if (changed) dirty.add(form);
    else dirty.delete(form);
  };
  form.addEventListener("input", look);
  form.addEventListener("change", look);
  form.addEventListener("submit", () => dirty.delete(form));
});

const live = () => [...dirty].some((form) => form.isConnected);

addEventListener("beforeunload", (event) => {
  if (live()) event.preventDefault();
});
document.addEventListener("htmx:before:request", (event) => {
  const { ctx } = event.detail;
  const inside = [...dirty].some((form) => form.contains(ctx.sourceElement));
  const replaces = [...dirty].some((form) => form.isConnected && ctx.target?.contains?.(form));
  if (!inside && replaces && !window.confirm(t("leave"))) event.preventDefault();
});
