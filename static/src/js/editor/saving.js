// Saving: by button, Ctrl-S or Ctrl-Enter, with its state said aloud. When it fails the text stays on
// the screen and in this browser, and the reason is said in one sentence.
import { pressed } from "../keys.js";

/** What the server's own page says went wrong, or a sentence for its status. */
function reasonIn(page, status) {
  const said = page.querySelector("[data-reason]")?.textContent.trim();
  if (said) return said;
  if (status === 413) return "it is larger than this wiki accepts.";
  if (status === 429) return "too many saves in a short time. Wait a moment.";
  if (status >= 500) return "the wiki has a problem. Try again in a moment.";
  return "the wiki didn’t accept it.";
}

export function startSaving(form, kept, changed) {
  const state = form.querySelector("[data-state]");
  const buttons = form.querySelectorAll("button[type=submit]");
  let saving = false;

  function say(words, tone = "") {
    state.textContent = words;
    state.dataset.tone = tone;
  }

  function fail(reason) {
    const safe = kept.now() ? "Your text is kept in this browser." : "Copy your text: this browser can’t keep it.";
    say(`Not saved: ${reason} ${safe}`, "danger");
  }

  /** Let the browser send the form itself: for answers that are screens of their own. */
  function sendPlainly() {
    kept.now();
    kept.done = () => {};
    saving = true;
    HTMLFormElement.prototype.submit.call(form);
  }

  async function save(button) {
    if (saving) return;
    if (!form.reportValidity()) return;
    saving = true;
    say("Saving…");
    for (const button of buttons) button.setAttribute("aria-busy", "true");
    try {
      await send(button);
    } finally {
      saving = false;
      for (const button of buttons) button.removeAttribute("aria-busy");
    }
  }

  async function send(button) {
    let answer;
    let page;
    try {
      answer = await fetch(form.action, {
        method: "POST",
        body: new URLSearchParams(new FormData(form, button)),
        headers: { "Wiki-Redirect": "tell" }, // following it here would use up the next screen's message
      });
      page = new DOMParser().parseFromString(await answer.text(), "text/html");
    } catch {
      fail(navigator.onLine ? "the wiki isn’t responding." : "you are offline.");
      return;
    }
    const next = answer.headers.get("Wiki-Redirect") ?? "";
    if (next.startsWith("/-/login") || page.querySelector("[data-signed-out]")) {
      fail("your session has expired.");
      const link = document.createElement("a");
      link.href = `/-/login?next=${encodeURIComponent(location.pathname + location.search)}`;
      link.textContent = "Sign in again";
      state.append(" ", link);
    } else if (next) {
      kept.done();
      say("Saved", "good");
      location.assign(next);
    } else if (page.querySelector("textarea[name=body]")) {
      leaveQuietly();
      sendPlainly(); // a conflict or a field to correct: the server's screen shows it, with the text
    } else {
      fail(reasonIn(page, answer.status));
    }
  }

  /** The text goes along with the form: the browser need not ask whether to leave it. */
  function leaveQuietly() {
    addEventListener("beforeunload", (event) => event.stopImmediatePropagation(), { capture: true });
  }

  form.addEventListener("submit", (event) => {
    if (event.submitter?.name === "preview") {
      leaveQuietly();
      return;
    }
    event.preventDefault();
    save(event.submitter);
  });
  document.addEventListener("keydown", (event) => {
    const enter = pressed(event, "Mod-Enter");
    if (!enter && !pressed(event, "Mod-s")) return;
    if (enter && document.querySelector("dialog[open]")) return;
    event.preventDefault();
    save();
  }, { capture: true });
  changed.addEventListener("change", () => {
    if (!saving) say(kept.dirty() ? "Not saved yet" : "");
  });
  addEventListener("offline", () => kept.dirty() && say("You’re offline. Your text is kept in this browser until you save.", "warn"));
  addEventListener("online", () => kept.dirty() && say("You’re back online. Not saved yet."));
}
