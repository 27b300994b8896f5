/**
 * `data-poll="url"` (optional `data-poll-every` in ms): ask again until the answer no longer carries the attribute.
 * A hidden tab asks ten times less often; a failed request waits longer each time.
 */
import { attach } from "../attach.js";

attach("[data-poll]", (region) => {
  const every = Number(region.dataset.pollEvery) || 1000;
  let wait = every;
  const ask = async () => {
    if (!region.isConnected || !region.dataset.poll) return;
    if (document.hidden && wait < every * 10) {
      wait = every * 10;
      setTimeout(ask, wait);
      return;
    }
    try {
      const answer = await fetch(region.dataset.poll, { headers: { "HX-Request": "true" }, credentials: "same-origin" });
      const elsewhere = answer.headers.get("HX-Redirect");
      if (elsewhere) {
        window.location.assign(elsewhere);
        return;
      }
      if (answer.ok) {
        await window.htmx.swap({ text: await answer.text(), target: region, swap: "outerMorph", sourceElement: region });
        wait = every;
      } else if (answer.status < 500) {
        return;
      } else {
        wait = Math.min(wait * 2, 30000);
      }
    } catch {
      wait = Math.min(wait * 2, 30000);
    }
    setTimeout(ask, wait);
  };
  setTimeout(ask, wait);
});
