// Saving: by button, Ctrl-S or Ctrl-Enter, with its state said aloud. When it fails the text stays on
// the screen and in this browser, and the reason is said in one sentence.
import { pressed } from "../keys.js";
import { t } from "../words.js";

/** The sentence for a refused save: what the server's own page says, or else what its status means. */
function reasonIn(page, status) {
  const said = page.querySelector("[data-reason]")?.textContent.trim();
  if (said) return t("Not saved: %(reason)s", { reason: said });
  if (status === 413) return t("Not saved: it is larger than this wiki accepts.");
  if (status === 429) return t("Not saved: too many saves in a short time. Wait a moment.");
  if (status >= 500) return t("Not saved: the wiki has a problem. Try again in a moment.");
  return t("Not saved: the wiki didn’t accept it.");
}

/** @param {() => Promise<unknown>} filesSent resolves once the files in the text have been sent. */
export function startSaving(form, kept, changed, filesSent) {
  const state = form.querySelector("[data-state]");
  const buttons = form.querySelectorAll("button[type=submit]");
  let saving = false;

  function say(words, tone = "") {
    state.textContent = words;
    state.dataset.tone = tone;
  }

  function sayWhatIs() {
    if (kept.dirty()) say(t("Not saved. Draft kept in this browser."));
    else say(t("No changes yet"));
  }

  function fail(reason) {
    const safe = kept.now() ? t("Your text is kept in this browser.") : t("Copy your text: this browser can’t keep it.");
    say(`${reason} ${safe}`, "danger");
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
    say(t("Saving…"));
    for (const button of buttons) button.setAttribute("aria-busy", "true");
    try {
      await filesSent(); // the text has a placeholder for each until then
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
      fail(navigator.onLine ? t("Not saved: the wiki isn’t responding.") : t("Not saved: you are offline."));
      return;
    }
    const next = answer.headers.get("Wiki-Redirect") ?? "";
    if (next.startsWith("/-/login") || page.querySelector("[data-signed-out]")) {
      fail(t("Not saved: your session has expired."));
      const link = document.createElement("a");
      link.href = `/-/login?next=${encodeURIComponent(location.pathname + location.search)}`;
      link.textContent = t("Sign in again");
      state.append(" ", link);
    } else if (next) {
      kept.done();
      say(t("Saved"), "good");
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
    if (!saving) sayWhatIs();
  });
  addEventListener("offline", () => kept.dirty() && say(t("You’re offline. Your text is kept in this browser until you save."), "warn"));
  addEventListener("online", () => kept.dirty() && say(t("You’re back online. Not saved yet.")));
  sayWhatIs();
}
