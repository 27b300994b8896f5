/**
 * Ask before what is hard to take back: `data-confirm="…"` on a form, button or link, and `hx-confirm` of htmx.
 * `data-confirm-ok` names the button, `data-confirm-danger` paints it red.
 */
import { on } from "../attach.js";

const agreed = new WeakSet();

function ask(text, source) {
  const dialog = document.getElementById("gx-confirm");
  const ok = dialog.querySelector("[data-confirm-yes]");
  dialog.querySelector("[data-confirm-text]").textContent = text;
  ok.textContent = source?.dataset.confirmOk || ok.dataset.label;
  ok.classList.toggle("btn-danger", source?.hasAttribute("data-confirm-danger") ?? false);
  ok.classList.toggle("btn-primary", !(source?.hasAttribute("data-confirm-danger") ?? false));
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

document.addEventListener("htmx:confirm", (event) => {
  event.preventDefault();
  const { ctx, issueRequest, dropRequest } = event.detail;
  ask(ctx.confirm, ctx.sourceElement).then((yes) => (yes ? issueRequest() : dropRequest()));
});

on("submit", "form", (event, form) => {
  const source = event.submitter?.dataset.confirm ? event.submitter : form;
  if (!source.dataset.confirm || agreed.has(form)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const submitter = event.submitter;
  ask(source.dataset.confirm, source).then((yes) => {
    if (!yes) return;
    agreed.add(form);
    form.requestSubmit(submitter);
    agreed.delete(form);
  });
}, true);

on("click", "a[data-confirm]", (event, link) => {
  event.preventDefault();
  ask(link.dataset.confirm, link).then((yes) => {
    if (yes) location.assign(link.href);
  });
}, true);
