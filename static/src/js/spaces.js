// The space switcher: its list is fetched when it opens, and filtered as one types.
import { recentPages } from "./recent.js";
import { t } from "./words.js";

const menu = document.querySelector("[data-spaces]");
const list = menu?.querySelector(".menu-list");

function filter(words) {
  const wanted = words.trim().toLocaleLowerCase();
  for (const item of list.querySelectorAll("li")) item.hidden = !item.textContent.toLocaleLowerCase().includes(wanted);
  for (const part of list.querySelectorAll("[data-part]")) part.hidden = !part.querySelector("li:not([hidden])");
  list.querySelector("[data-none]").hidden = Boolean(list.querySelector("li:not([hidden])"));
}

async function fill() {
  const query = new URLSearchParams({ here: menu.dataset.spaces, pages: recentPages().join() });
  const answer = await fetch(`/-/spaces/menu?${query}`);
  if (!answer.ok) throw new Error(String(answer.status));
  list.innerHTML = await answer.text();
  const field = list.querySelector("[data-filter]");
  field?.addEventListener("input", () => filter(field.value));
  field?.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.isComposing) list.querySelector("li:not([hidden]) a")?.click();
  });
  if (menu.open && menu.contains(document.activeElement)) field?.focus();
}

menu?.addEventListener("toggle", () => {
  if (!menu.open) return;
  fill().catch(() => {
    const note = document.createElement("p");
    note.className = "menu-note";
    note.setAttribute("role", "status");
    note.textContent = t("Spaces can’t be listed right now.");
    list.replaceChildren(note);
  });
});
