/**
 * `form[data-composer="key"]`: what was typed is kept in this tab (sessionStorage, by person and record) until it is saved;
 * `data-due` buttons choose the day of the next step. Drafts of others go when somebody else signs in, all of them on sign-out.
 */
import { attach, on } from "../attach.js";

const PREFIX = "gx:draft:";
const store = (() => {
  try {
    return window.sessionStorage;
  } catch {
    return null; // switched off in this browser: nothing is kept, everything else works
  }
})();

const drafts = () => (store ? Object.keys(store).filter((key) => key.startsWith(PREFIX)) : []);
const forget = (which = () => true) => drafts().filter(which).forEach((key) => store.removeItem(key));
const fields = (form) => [...form.elements].filter((e) => e.name && e.name !== "csrfmiddlewaretoken" && e.type !== "submit");

function read(form) {
  const found = {};
  for (const field of fields(form)) {
    if (field.type === "radio") {
      if (field.checked) found[field.name] = field.value;
    } else if (field.value) found[field.name] = field.value;
  }
  return found;
}

function write(form, draft) {
  for (const field of fields(form)) {
    const value = draft[field.name];
    if (value === undefined) continue;
    if (field.type === "radio") field.checked = field.value === value;
    else field.value = value;
  }
  const more = form.querySelector("details");
  if (more && [...more.querySelectorAll("[name]")].some((field) => field.value)) more.open = true;
}

const typed = (draft) => Object.entries(draft).some(([name, value]) => name !== "method" && value);

function mark(form) {
  const due = form.elements.due?.value ?? "";
  for (const button of form.querySelectorAll("[data-due]")) button.setAttribute("aria-pressed", String(button.dataset.due === due));
}

attach("form[data-composer]", (form) => {
  const key = form.dataset.composer;
  const mine = key.split(":").slice(0, 3).join(":") + ":";
  const said = form.querySelector("[data-composer-said]");
  forget((other) => !other.startsWith(mine));
  if (form.closest("[data-saved]")) {
    store?.removeItem(key);
    if (matchMedia("(pointer: fine)").matches) form.elements.words?.focus({ preventScroll: true });
  } else if (form.hasAttribute("data-failed")) {
    (form.querySelector('[aria-invalid="true"]') ?? form.elements.words)?.focus();
  } else {
    try {
      const draft = JSON.parse(store?.getItem(key) ?? "null");
      if (draft && typed(draft)) {
        write(form, draft);
        said.textContent = said.dataset.draftText;
      }
    } catch {
      store?.removeItem(key);
    }
  }
  mark(form);
  const keep = () => {
    const draft = read(form);
    mark(form);
    try {
      if (typed(draft)) store?.setItem(key, JSON.stringify(draft));
      else store?.removeItem(key);
      said.textContent = typed(draft) && store ? said.dataset.draftText : "";
    } catch {
      said.textContent = ""; // full: nothing was kept, so nothing is claimed
    }
  };
  form.addEventListener("input", keep);
  form.addEventListener("change", keep);
});

on("click", "[data-due]", (_, button) => {
  const field = button.form?.elements.due ?? button.closest("form")?.elements.due;
  if (!field) return;
  field.value = field.value === button.dataset.due ? "" : button.dataset.due;
  field.dispatchEvent(new Event("change", { bubbles: true }));
});

on("submit", 'form[action*="sign-out"], form[action*="logout"]', () => forget(), true);
