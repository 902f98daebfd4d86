// Keys in the inbox: j and k go to the next and the previous notice, e is done, u is read or unread.
import { pressedAlone } from "../js/shortcuts.js";

const notices = () => [...document.querySelectorAll("[data-notice]")];
const link = (notice) => notice?.querySelector("a");
const STORED = "inbox:next";

function step(by) {
  const all = notices();
  const here = all.indexOf(document.activeElement?.closest("[data-notice]"));
  link(all[here < 0 ? 0 : Math.min(Math.max(here + by, 0), all.length - 1)])?.focus();
}

function act(name) {
  const notice = document.activeElement?.closest("[data-notice]");
  const button = notice?.querySelector(`[data-do="${name}"]`);
  if (!button) return;
  sessionStorage.setItem(STORED, String(notices().indexOf(notice)));
  button.click();
}

document.addEventListener("keydown", (event) => {
  const keys = { j: () => step(1), k: () => step(-1), e: () => act("e"), u: () => act("u") };
  const key = Object.keys(keys).find((one) => pressedAlone(event, one));
  if (!key) return;
  event.preventDefault();
  keys[key]();
});

// A notice that is opened has been read.
document.addEventListener("click", ({ target }) => {
  const notice = target.closest("[data-notice].unread .row-title")?.closest("[data-notice]");
  if (!notice) return;
  const form = new FormData(notice.querySelector("form"));
  form.set("do", "read");
  fetch(`/-/inbox/${notice.dataset.notice}`, { method: "POST", body: form, keepalive: true, redirect: "manual" });
});

const next = sessionStorage.getItem(STORED);
sessionStorage.removeItem(STORED);
if (next !== null) link(notices()[Math.min(Number(next), notices().length - 1)])?.focus();
