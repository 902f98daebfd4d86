// The number of unread notices beside the link to the inbox. It is asked for when the screen opens and
// whenever its tab comes to the front; mostly the answer is that nothing has changed.
import { t, tn } from "./words.js";

const link = document.querySelector("[data-inbox]");

async function refresh() {
  if (document.visibilityState !== "visible") return;
  try {
    // Not where a redirect leads: the server remembers that as the address that its user wanted.
    const answer = await fetch("/-/inbox/unread", { cache: "no-cache", redirect: "manual" });
    if (!answer.ok) return;
    const { unread, most } = await answer.json();
    const [shown, name] = link.querySelectorAll("span");
    shown.textContent = unread > most ? `${most}+` : String(unread);
    shown.hidden = unread === 0;
    const words = unread === 0 ? t("Inbox") : tn("Inbox: %(num)s unread notice", "Inbox: %(num)s unread notices", unread);
    name.textContent = words;
    link.title = words;
  } catch {
    // without an answer the link has no number
  }
}

if (link) {
  document.addEventListener("visibilitychange", refresh);
  refresh();
}
