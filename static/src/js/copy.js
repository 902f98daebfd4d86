// A button that copies on each block of code, and on what is shown this once.
import { copyText } from "./clipboard.js";
import { t } from "./words.js";

/** Add the buttons to what there is below `root`. */
export function addCopyButtons(root) {
  for (const block of root.querySelectorAll(".prose pre, p.secret")) {
    const host = document.createElement("div");
    host.className = "copy-host";
    block.replaceWith(host);
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button copy";
    button.textContent = t("Copy");
    button.setAttribute("aria-live", "polite"); // so that “Copied” is said
    button.addEventListener("click", async () => {
      try {
        await copyText(block.textContent.replace(/\n$/, ""));
        button.textContent = t("Copied");
      } catch {
        button.textContent = t("Not copied");
      }
      setTimeout(() => { button.textContent = t("Copy"); }, 2000);
    });
    host.append(block, button);
  }
}
