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

/** htmx hands the attributes of old elements on to new ones; a style among them (of a placed menu) is what the CSP forbids. */
document.addEventListener("htmx:before:swap", (event) => {
  const { ctx, tasks = [] } = event.detail;
  for (const target of new Set([ctx?.target, ...tasks.map((task) => task.target)])) {
    for (const element of target?.querySelectorAll?.("[id][style]") ?? []) element.removeAttribute("style");
  }
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
