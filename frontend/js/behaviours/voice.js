/**
 * `data-voice` in a form: speech becomes words in the textarea beside it, where the browser can do that; else the button stays
 * hidden. Interim results show while one speaks; only what is final is kept. Recognition on this machine is preferred
 * (`processLocally`, where the browser knows it); nothing is sent to our server.
 */
import { attach } from "../attach.js";

const Recognition = window.SpeechRecognition ?? window.webkitSpeechRecognition;

attach("[data-voice]", (button) => {
  const area = button.closest("form")?.querySelector("textarea");
  if (!Recognition || !area) return;
  button.hidden = false;
  const said = button.closest("form").querySelector("[data-composer-said]");
  let listening = null;

  const stop = () => {
    const was = listening;
    listening = null; // first: some browsers say "end" at once
    was?.stop();
    button.setAttribute("aria-pressed", "false");
    if (said?.textContent === said?.dataset.listening) said.textContent = "";
  };

  const start = async () => {
    const recogniser = new Recognition();
    recogniser.lang = button.lang;
    recogniser.interimResults = true;
    recogniser.continuous = true;
    try {
      const state = await Recognition.available?.({ langs: [button.lang], processLocally: true });
      if (state === "available") recogniser.processLocally = true;
    } catch {
      // an older browser: it decides itself where it listens
    }
    const before = area.value && !/\s$/.test(area.value) && !/[\u3400-\u9fff，。；]$/.test(area.value) ? `${area.value} ` : area.value;
    recogniser.addEventListener("result", (event) => {
      area.value = before + [...event.results].map((result) => result[0].transcript).join("");
      area.dispatchEvent(new Event("input", { bubbles: true }));
      area.scrollTop = area.scrollHeight;
      if (said) said.textContent = said.dataset.listening;
    });
    recogniser.addEventListener("end", stop);
    recogniser.addEventListener("error", stop);
    listening = recogniser;
    recogniser.start();
    button.setAttribute("aria-pressed", "true");
    if (said) said.textContent = said.dataset.listening;
  };

  button.addEventListener("click", () => {
    if (listening) stop();
    else start().catch(stop);
  });
  button.closest("form").addEventListener("submit", stop);
});
