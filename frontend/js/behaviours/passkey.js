/**
 * Passkeys (WebAuthn). `data-passkey="create|get"` on a button; options come as JSON from `data-passkey-options` (an element id) or,
 * for sign-in without a name, from `data-passkey-url`. The answer goes as JSON into the form's `credential` field.
 */
import { attach, t } from "../attach.js";

const fail = () => document.dispatchEvent(new CustomEvent("gx:toast", { detail: { level: "error", text: t("passkeyFailed") } }));

async function optionsOf(button) {
  if (button.dataset.passkeyUrl) {
    const answer = await fetch(button.dataset.passkeyUrl, { headers: { Accept: "application/json" }, credentials: "same-origin" });
    return (await answer.json()).request_options;
  }
  const options = JSON.parse(document.getElementById(button.dataset.passkeyOptions).textContent);
  return options.creation_options ?? options.request_options;
}

attach("[data-passkey]", (button) => {
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) {
    button.closest("[data-passkey-area]")?.setAttribute("hidden", "");
    return;
  }
  button.addEventListener("click", async (event) => {
    event.preventDefault();
    const form = button.form ?? document.getElementById(button.dataset.passkeyForm);
    if (!form.reportValidity()) return;
    button.disabled = true;
    try {
      const { publicKey } = await optionsOf(button);
      let credential;
      if (button.dataset.passkey === "create") {
        const box = form.querySelector('[name="passwordless"]');
        if (box && publicKey.authenticatorSelection) {
          publicKey.authenticatorSelection.residentKey = box.checked ? "required" : "discouraged";
          publicKey.authenticatorSelection.requireResidentKey = box.checked;
          publicKey.authenticatorSelection.userVerification = box.checked ? "required" : "discouraged";
        }
        credential = await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) });
      } else {
        credential = await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) });
      }
      form.querySelector('[name="credential"]').value = JSON.stringify(credential);
      form.submit();
    } catch {
      button.disabled = false;
      fail();
    }
  });
});
