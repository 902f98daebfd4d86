// Copying and printing what is shown once.
import { t } from "./words.js";
for (const button of document.querySelectorAll("[data-copy]")) {
  const words = button.querySelector("span");
  const before = words.textContent;
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    const lines = [...document.getElementById(button.dataset.copy).children].map((one) => one.textContent);
    try {
      await navigator.clipboard.writeText(lines.join("\n"));
      words.textContent = t("Copied");
    } catch {
      words.textContent = t("Not copied");
    }
    setTimeout(() => { words.textContent = before; }, 2000);
  });
}
for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => print());
}
