/** Keyboard manners: nothing acts while an input method composes; Ctrl/⌘-K and / go to the search; ? shows the keys. */

/** True while an IME is composing, also for the Enter that ends a composition in Safari. */
export const composing = (event) => event.isComposing || event.keyCode === 229;

const typing = (element) => element?.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");

document.addEventListener("keydown", (event) => {
  if (!composing(event)) return;
  if (event.key === "Enter" || event.keyCode === 229) event.stopImmediatePropagation();
  if (event.key === "Enter") event.preventDefault();
}, true);

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || composing(event)) return;
  const search = document.getElementById("gx-palette");
  if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k" && search) {
    event.preventDefault();
    search.dispatchEvent(new CustomEvent("gx:palette"));
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (event.key === "/" && search) {
    event.preventDefault();
    search.dispatchEvent(new CustomEvent("gx:palette"));
  } else if (event.key === "?") {
    document.getElementById("gx-keys")?.showModal?.();
  } else if (/^[a-z]$/i.test(event.key)) {
    const target = [...document.querySelectorAll("[data-key]")].find((e) => e.dataset.key === event.key.toLowerCase() && !e.disabled);
    if (target) {
      event.preventDefault();
      target.click();
    }
  }
});

/** Ctrl/⌘-Enter sends the form one is in. */
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !composing(event)) {
    const form = event.target.closest?.("form");
    if (form && form.method !== "dialog") {
      event.preventDefault();
      form.requestSubmit();
    }
  }
});
