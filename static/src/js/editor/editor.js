// Puts the parts of the editor that the first key needs over the form's own textarea, which stays what is sent.
import { createCodeMirror } from "./codemirror.js";
import { keepText } from "./keeping.js";
import { startPreview } from "./preview.js";
import { startSaving } from "./saving.js";
import { startScreen } from "./screen.js";

/** The editors of this screen, for extras.js: form, view and `filesSent`, which it replaces. */
export const editors = [];

/** @param {HTMLFormElement} form with data-editor, and a textarea named body. */
export function startEditor(form) {
  const area = form.elements.namedItem("body");
  if (!(area instanceof HTMLTextAreaElement)) return;
  const changed = new EventTarget();
  const view = createCodeMirror(area, () => changed.dispatchEvent(new Event("change")), () => changed.dispatchEvent(new Event("cursor")));
  for (const field of form.elements) {
    if (field !== area) field.addEventListener("input", () => changed.dispatchEvent(new Event("change")));
  }
  const editor = { form, view, filesSent: async () => {} };
  const kept = keepText(form, view, changed);
  startSaving(form, kept, changed, () => editor.filesSent());
  startScreen(form, view);
  startPreview(form, view, changed);
  leadInto(view, form.elements.namedItem("title"));
  editors.push(editor);
}

/** Return in the title leads into the text, as in other editors, instead of sending the form. */
function leadInto(view, title) {
  title?.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    view.focus();
  });
}
