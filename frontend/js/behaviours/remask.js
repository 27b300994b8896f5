/** `data-remask="60"`: a value that was revealed is masked again after so many seconds, and when the tab is left. */
import { attach } from "../attach.js";

attach("[data-remask]", (region) => {
  const left = region.querySelector("[data-remask-left]");
  const end = Date.now() + Number(region.dataset.remask) * 1000;
  const hide = () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", gone);
    const masked = region.querySelector("template");
    if (!region.isConnected || !masked) return;
    const focused = region.contains(document.activeElement);
    const fact = region.closest("[id^='fact-']");
    region.replaceWith(masked.content.cloneNode(true));
    if (focused) fact?.querySelector("button, a")?.focus();
  };
  const gone = () => document.hidden && hide();
  const timer = setInterval(() => {
    if (!region.isConnected) return hide();
    const seconds = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    if (left) left.textContent = String(seconds);
    if (!seconds) hide();
  }, 1000);
  document.addEventListener("visibilitychange", gone);
});
