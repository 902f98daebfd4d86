// Deciding a conflict: the browser kept the text that was in it, and need not offer it again once the
// decision is saved, which the next editor knows by a newer revision (js/editor/keeping.js).
import { write } from "./storage.js";

export function startDeciding(form) {
  form.addEventListener("submit", () => {
    write(`text:${form.dataset.decides}:decided`, form.elements.namedItem("theirs").value);
  });
}
