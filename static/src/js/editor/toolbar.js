// Buttons above the text for those who do not know Markdown by heart.
import { formats } from "./formats.js";

export function startToolbar(form, view) {
  for (const button of form.querySelectorAll("[data-format]")) {
    button.addEventListener("click", () => formats[button.dataset.format]?.(view));
  }
}
