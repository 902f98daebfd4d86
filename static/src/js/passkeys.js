// Asking the browser for a passkey, or to make one: what it answers is put into the form around the
// button, which is then sent. The server checks everything.
import { t } from "./words.js";

const bytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));

function text(buffer) {
  let plain = "";
  for (const byte of new Uint8Array(buffer)) plain += String.fromCharCode(byte);
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

const named = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

/** Make a passkey as `options` say; the answer as the server reads it. */
async function create(options) {
  const made = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: named(options.excludeCredentials),
    },
  });
  return {
    id: made.id,
    rawId: text(made.rawId),
    type: made.type,
    response: {
      clientDataJSON: text(made.response.clientDataJSON),
      attestationObject: text(made.response.attestationObject),
      transports: made.response.getTransports?.() ?? [],
    },
  };
}

/** Ask for a passkey as `options` say. */
async function get(options) {
  const found = await navigator.credentials.get({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      allowCredentials: named(options.allowCredentials),
    },
  });
  const { response } = found;
  return {
    id: found.id,
    rawId: text(found.rawId),
    type: found.type,
    response: {
      clientDataJSON: text(response.clientDataJSON),
      authenticatorData: text(response.authenticatorData),
      signature: text(response.signature),
      userHandle: response.userHandle ? text(response.userHandle) : null,
    },
  };
}

/** The server's options, or an Error with its sentence. */
async function fetchOptions(url, form) {
  const answer = await fetch(url, {
    method: "POST",
    headers: { Accept: "application/json", "X-CSRFToken": form.elements.csrf_token.value },
  });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.detail);
  return said;
}

function sentence(error) {
  if (error.name === "NotAllowedError") return t("No passkey was used. The request was cancelled or took too long, or this device has no passkey for this wiki.");
  if (error.name === "InvalidStateError") return t("This device or key has already been added.");
  if (error.name === "SecurityError") return t("Passkeys work only at this wiki’s usual address. Open it there.");
  if (error instanceof TypeError) return t("The wiki didn’t respond. Try again.");
  return error.message;
}

function start(place) {
  const form = place.closest("form");
  const button = place.querySelector("button");
  const state = place.querySelector("[data-passkey-state]");
  button.addEventListener("click", async () => {
    if (place.dataset.passkey === "create" && !form.reportValidity()) return;
    button.setAttribute("aria-busy", "true");
    button.disabled = true;
    state.textContent = t("Waiting for your passkey…");
    try {
      const options = await fetchOptions(place.dataset.options, form);
      const answer = place.dataset.passkey === "create" ? await create(options) : await get(options);
      place.querySelector("input").value = JSON.stringify(answer);
      state.textContent = "";
      HTMLFormElement.prototype.submit.call(form); // what is required beside it need not be filled in
    } catch (error) {
      state.textContent = sentence(error);
      button.disabled = false;
      button.removeAttribute("aria-busy");
    }
  });
  place.hidden = false;
}

const able = window.PublicKeyCredential && window.isSecureContext;
if (able) document.querySelectorAll("[data-passkey]").forEach(start);
else for (const missing of document.querySelectorAll("[data-passkey-missing]")) missing.hidden = false;
