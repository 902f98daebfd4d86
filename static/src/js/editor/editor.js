// Puts the parts of the editor together over the form's own textarea, which stays what is sent.
import { createCodeMirror } from "./codemirror.js";
import { keepText } from "./keeping.js";
import { startPlaces } from "./places.js";
import { startPreview } from "./preview.js";
import { startSaving } from "./saving.js";
import { startToolbar } from "./toolbar.js";
import { startUploads } from "./uploads.js";

/** @param {HTMLFormElement} form with data-editor, and a textarea named body. */
export function startEditor(form) {
  const area = form.elements.namedItem("body");
  if (!(area instanceof HTMLTextAreaElement)) return;
  const changed = new EventTarget();
  const text = createCodeMirror(area, () => changed.dispatchEvent(new Event("change")));
  for (const field of form.elements) {
    if (field !== area) field.addEventListener("input", () => changed.dispatchEvent(new Event("change")));
  }
  const kept = keepText(form, text, changed);
  startSaving(form, kept, changed);
  startPreview(form, text, changed);
  startToolbar(form, text);
  startUploads(form, text);
  startPlaces(form, text);
}
