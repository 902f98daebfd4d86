// The line below the title of a new page: the address that the page will have, and whether another page has the obvious one.
import { t } from "../words.js";

const DELAY = 200; // milliseconds after the last key before asking

/** @param {HTMLElement} line with the address that makes addresses of titles, and the name of the space */
export function suggestAddress(line) {
  const form = line.closest("form");
  const [title, under, path] = ["title", "under", "path"].map((name) => form.elements.namedItem(name));
  const shown = line.querySelector("[data-shown]");
  const there = line.querySelector("[data-there]");
  let timer = 0;
  let asked = null;

  function show(address, other) {
    shown.textContent = `/${line.dataset.space}/${address}`;
    path.placeholder = path.value ? "" : address;
    there.hidden = !other;
    if (!other) return;
    const link = there.querySelector("a");
    link.href = other.url;
    link.textContent = other.title;
  }

  async function suggest() {
    asked?.abort();
    asked = new AbortController();
    const typed = path.value.trim().replace(/^\/+/, "");
    const above = under.value.trim().replace(/^\/+|\/+$/g, "");
    if (typed || !title.value.trim()) {
      show(typed || `${above}${above ? "/" : ""}…`, null);
      return;
    }
    const sent = new URLSearchParams({ title: title.value, under: above });
    const answer = await fetch(`${line.dataset.address}?${sent}`, { signal: asked.signal });
    if (!answer.ok || answer.redirected) return; // what is wrong is told when the page is created
    const found = await answer.json();
    show(found.path, found.there);
  }

  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(() => suggest().catch(() => {}), DELAY);
  };
  for (const field of [title, under, path]) {
    field.addEventListener("input", later);
    field.addEventListener("change", later);
  }
  line.querySelector("button").addEventListener("click", () => {
    path.closest("details").open = true;
    path.focus();
  });
  suggest().catch(() => {});
  line.hidden = false;
}
