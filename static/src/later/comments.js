// Comments: drafts are kept in this browser until they are sent, and a permalink to a comment that is not on this
// screen leads to the discussion that it is in.
import { forget, read, write } from "../js/storage.js";

const hash = location.hash.slice(1);
const root = document.querySelector("[data-comments]");

if (/^m\d+$/.test(hash) && !document.getElementById(hash)) {
  location.replace(`/-/p/${root.dataset.comments}/comments?message=${hash.slice(1)}#${hash}`);
}

for (const field of document.querySelectorAll("textarea[data-draft]")) {
  const name = `text:${field.dataset.draft}`;
  const sent = sessionStorage.getItem(name);
  // After a comment was posted, its form is empty and the address names it; after a refusal the form has the text.
  if (sent !== null && sent === read(name) && /^m\d+$/.test(hash) && !field.value) forget(name);
  sessionStorage.removeItem(name);
  const kept = read(name);
  if (kept && !field.value) {
    field.value = kept;
    const closed = field.closest("details:not([open])");
    if (closed) closed.open = true;
  }
  field.addEventListener("input", () => (field.value.trim() ? write(name, field.value) : forget(name)));
  field.form.addEventListener("submit", () => sessionStorage.setItem(name, field.value));
}
