/** `data-opened="url"`: the page tells the server once that the record was looked at. `data-fill="url"`: a fold filled when opened. */
import { attach, csrf } from "../attach.js";

attach("[data-opened]", (element) => {
  const tell = () => {
    if (document.visibilityState !== "visible") return document.addEventListener("visibilitychange", tell, { once: true });
    fetch(element.dataset.opened, {
      method: "POST", keepalive: true, credentials: "same-origin", headers: { "HX-Request": "true", "X-CSRFToken": csrf() },
    }).catch(() => {});
  };
  (window.requestIdleCallback ?? setTimeout)(tell);
});

attach("details[data-fill]", (details) => {
  const place = details.querySelector("[data-fill-here]");
  async function fill() {
    if (!details.open) return;
    const answer = await fetch(details.dataset.fill, { headers: { "HX-Request": "true" }, credentials: "same-origin" }).catch(() => null);
    if (answer?.ok) place.innerHTML = await answer.text();
  }
  details.addEventListener("toggle", fill);
  if (details.open) fill();
});
