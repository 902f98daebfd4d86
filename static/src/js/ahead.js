// Fetches the editor's files when the pointer or the focus reaches a link to the editor: once in each browser, because
// fetching cached files again would delay the editor, and not where the browser asks to save data.
import { read, write } from "./storage.js";

const files = document.querySelector("[data-ahead]")?.dataset.ahead;

function load({ target }) {
  if (!target.closest?.("a[href*='/-/edit']") || read("ahead") === files) return;
  write("ahead", files);
  // Fetched, not as a hint: the policy of our pages allows it in every browser.
  for (const href of files.split(" ")) fetch(href, { priority: "low" }).then((answer) => answer.blob()).catch(() => {});
}

if (files && !navigator.connection?.saveData) {
  for (const reached of ["pointerover", "focusin"]) document.addEventListener(reached, load, { passive: true });
}
