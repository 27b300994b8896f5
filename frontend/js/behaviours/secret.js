/** `data-reveal`: show or hide what is typed into a password or secret field. (Revealing a stored value is a logged request.) */
import { on } from "../attach.js";

on("click", "[data-reveal]", (_, button) => {
  const input = document.getElementById(button.dataset.reveal);
  if (!input) return;
  const show = input.type === "password";
  input.type = show ? "text" : "password";
  button.setAttribute("aria-pressed", String(show));
  button.toggleAttribute("data-shown", show);
});
