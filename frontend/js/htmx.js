/** htmx, with everything that could run text as code turned off and the CSRF token on every unsafe request. */
import htmx from "htmx.org/dist/htmx.esm.js";
import { csrf, t } from "./attach.js";

class NoEval {
  constructor() {
    throw new Error("code in attributes is switched off");
  }
}

htmx.registerExtension("gx", {
  init: (api) => api.initSecurity(null, NoEval, NoEval),
});

document.addEventListener("htmx:config:request", (event) => {
  const { request } = event.detail.ctx;
  if (!/^(GET|HEAD|QUERY)$/i.test(request.method)) request.headers["X-CSRFToken"] = csrf();
});

/** Network gone or server silent: say so, keep what was typed. */
document.addEventListener("htmx:error", (event) => {
  const reason = event.detail.error;
  if (reason?.name === "TypeError" || reason === "timeout" || event.detail.ctx?.status?.includes?.("Failed to fetch")) {
    document.dispatchEvent(new CustomEvent("gx:toast", { detail: { level: "error", text: t("offline") } }));
  }
});

document.addEventListener("htmx:before:request", () => document.documentElement.classList.add("gx-busy"));
document.addEventListener("htmx:finally:request", () => document.documentElement.classList.remove("gx-busy"));
