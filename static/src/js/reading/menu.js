// The menu of a page: its address is copied, and the page printed.
import { copyText } from "../clipboard.js";
import { t } from "../words.js";

for (const item of document.querySelectorAll("[data-copy-link]")) {
  const words = item.querySelector("span");
  if (item.dataset.scripted) words.textContent = item.dataset.scripted;
  words.setAttribute("aria-live", "polite");
  const label = words.textContent;
  item.addEventListener("click", async (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a link, opened elsewhere
    event.preventDefault();
    try {
      await copyText(new URL(item.dataset.copyLink || item.href, location.href).href);
      words.textContent = t("Copied");
    } catch {
      words.textContent = t("Not copied");
    }
    setTimeout(() => { words.textContent = label; }, 2000);
  });
}

document.querySelector("details.menu [data-print]")?.addEventListener("click", (event) => {
  const menu = event.currentTarget.closest("details.menu");
  menu.open = false;
  menu.querySelector("summary").focus();
  print();
});
