/** The left menu: off the canvas on a phone (focus stays inside while open), folded areas remembered on a desktop. */
import { attach, on } from "../attach.js";

const root = document.documentElement;
const menu = () => document.getElementById("gx-menu");
let opener = null;

function set(open) {
  root.toggleAttribute("data-menu-open", open);
  for (const part of document.querySelectorAll(".gx-column")) part.inert = open;
  document.querySelector("button[data-menu-open]")?.setAttribute("aria-expanded", String(open));
  if (open) menu()?.querySelector("a, button")?.focus();
  else opener?.focus();
}

on("click", "button[data-menu-open]", (event, button) => {
  event.preventDefault();
  opener = button;
  set(true);
});
on("click", "[data-menu-close]", () => set(false));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && root.hasAttribute("data-menu-open")) set(false);
});
matchMedia("(min-width: 992px)").addEventListener("change", (event) => {
  if (event.matches && root.hasAttribute("data-menu-open")) set(false);
});

attach("details[data-area]", (details) => {
  const key = `gx.menu.${details.dataset.area}`;
  const kept = localStorage.getItem(key);
  if (kept === "open") details.open = true;
  else if (kept === "shut" && !details.querySelector("[aria-current]")) details.open = false;
  details.querySelector("summary").addEventListener("click", () => localStorage.setItem(key, details.open ? "shut" : "open"));
});
