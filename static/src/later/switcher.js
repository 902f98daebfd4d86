// What the switcher (js/switcher.js) shows: what the server finds for the words typed so far, as links to
// choose by arrow keys. The last row searches for the words; it is chosen unless a title matches them.
import { composing } from "../js/keys.js";
import { recentPages } from "../js/recent.js";
import { t, tn } from "../js/words.js";

const dialog = document.getElementById("switcher");
const field = dialog.querySelector("input");
const found = dialog.querySelector(".switcher-found");
const count = dialog.querySelector("[data-count]");
let asked = null; // the request under way
let answered = null; // the words that the shown links answer
let timer = 0;
let chosen = -1;

const links = () => [...found.querySelectorAll("a[href]")];

function choose(index) {
  const all = links();
  chosen = all.length ? (index + all.length) % all.length : -1;
  all.forEach((link, at) => link.setAttribute("aria-selected", String(at === chosen)));
  if (chosen >= 0) {
    field.setAttribute("aria-activedescendant", all[chosen].id);
    all[chosen].scrollIntoView({ block: "nearest" });
  } else {
    field.removeAttribute("aria-activedescendant");
  }
}

/** The row that searches for the words, behind those of `list`. */
function addSearch(list, words) {
  const link = document.createElement("a");
  link.href = `${field.form.getAttribute("action")}?${new URLSearchParams({ q: words })}`;
  link.dataset.search = "";
  link.textContent = t("Search for “%(words)s”", { words });
  list.append(document.createElement("li"));
  list.lastChild.append(link);
}

function show(html, words) {
  found.innerHTML = html;
  answered = words;
  const list = found.querySelector("ul") ?? found.appendChild(document.createElement("ul"));
  const pages = links().length;
  if (words) addSearch(list, words);
  const all = links();
  all.forEach((link, at) => {
    link.id = `found-${at}`;
    link.tabIndex = -1;
    link.setAttribute("role", "option");
  });
  for (const item of list.children) item.setAttribute("role", "presentation");
  if (all.length) list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", t("Pages"));
  field.setAttribute("aria-expanded", String(all.length > 0));
  count.textContent = words ? tn("%(num)s found", "%(num)s found", pages) : "";
  const match = all.findIndex((link) => "match" in link.dataset);
  choose(words && match < 0 ? all.length - 1 : Math.max(match, 0));
}

/** Ask for what the field has now. */
export async function ask() {
  const words = field.value.trim();
  asked?.abort();
  asked = new AbortController();
  const query = new URLSearchParams({ q: words });
  if (document.body.dataset.space) query.set("space", document.body.dataset.space);
  if (!words) query.set("recent", recentPages().join());
  try {
    const answer = await fetch(`/-/switch?${query}`, { signal: asked.signal });
    if (answer.status === 503) {
      timer = setTimeout(() => dialog.open && ask(), 1000); // searches of what was typed before are under way
      return;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    show(await answer.text(), words);
  } catch (error) {
    if (error.name === "AbortError") return;
    show(`<p>${t("Quick search isn’t available right now.")}</p>`, words);
  }
}

field.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(ask, 60);
});
field.addEventListener("keydown", (event) => {
  if (composing(event)) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    choose(chosen + (event.key === "ArrowDown" ? 1 : -1));
  } else if (event.key === "Enter" && !event.ctrlKey && answered === field.value.trim() && chosen >= 0) {
    event.preventDefault();
    links()[chosen].click();
  } else if (event.key === "Enter") {
    event.preventDefault();
    field.form.requestSubmit();
  }
});
