/** `data-script="address"`: a script that only some pieces need is loaded when such a piece is there, once. */
import { attach } from "../attach.js";

const asked = new Set([...document.scripts].map((script) => script.src));

attach("[data-script]", (element) => {
  const src = new URL(element.dataset.script, location.href).href;
  if (asked.has(src)) return;
  asked.add(src);
  document.head.append(Object.assign(document.createElement("script"), { src, async: true }));
});
