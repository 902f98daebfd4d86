// A page that is found by its title, with a section of it, or an address.
import { destination, isAddress } from "../pasting/addresses.js";
import { ask, fragment, later } from "./dialog.js";

const dialog = document.getElementById("pick-link");
const words = dialog.querySelector("#pick-link-words");
const to = dialog.querySelector("#pick-link-to");
const list = dialog.querySelector("#pick-link-found");
const sections = dialog.querySelector("[data-sections]");
const section = sections.querySelector("select");
const problem = dialog.querySelector("[data-problem]");
const space = document.body.dataset.space ?? "";
let chosen = null; // the page
let marked = -1;

const switcher = (q) => `/-/switch?${new URLSearchParams({ q, space, for: "link" })}`;
const isPath = (text) => /^\/[^/\s]\S*$|^#\S+$/.test(text);

function mark(index) {
  const rows = [...list.children];
  marked = rows.length ? (index + rows.length) % rows.length : -1;
  rows.forEach((row, at) => row.setAttribute("aria-selected", String(at === marked)));
  if (marked < 0) to.removeAttribute("aria-activedescendant");
  else {
    to.setAttribute("aria-activedescendant", rows[marked].id);
    rows[marked].scrollIntoView({ block: "nearest" });
  }
}

function show(rows) {
  list.replaceChildren(...rows);
  list.hidden = !rows.length;
  to.setAttribute("aria-expanded", String(rows.length > 0));
  mark(rows.length ? 0 : -1);
}

function row({ dataset, childNodes, firstChild }, at) {
  const item = document.createElement("li");
  item.id = `pick-link-${at}`;
  item.setAttribute("role", "option");
  Object.assign(item.dataset, { target: dataset.target, link: dataset.link ?? "", title: firstChild.textContent.trim() });
  item.append(...[...childNodes].map((node) => document.importNode(node, true)));
  return item;
}

const find = later(async (signal, typed) => {
  const found = await fragment(switcher(typed), signal);
  show([...found.querySelectorAll("a[data-target]")].map(row));
});

const findSections = later(async (signal, target) => {
  const found = await fragment(switcher(`${target}#`), signal);
  const options = [...found.querySelectorAll("a[data-target*='#']")].map((link) => new Option(link.firstChild.textContent.trim(), link.dataset.target));
  section.append(...options);
  sections.hidden = !options.length;
}, 0);

function choose(item) {
  chosen = { ...item.dataset };
  to.value = chosen.title;
  if (!words.value.trim()) words.value = chosen.title;
  show([]);
  findSections(chosen.target);
}

function forget() {
  chosen = null;
  sections.hidden = true;
  section.length = 1;
  problem.hidden = true;
}

to.addEventListener("input", () => {
  forget();
  const typed = to.value.trim();
  if (isAddress(typed) || isPath(typed)) show([]);
  else find(typed);
});
to.addEventListener("keydown", (event) => {
  if (event.isComposing || list.hidden) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    mark(marked + (event.key === "ArrowDown" ? 1 : -1));
  } else if (event.key === "Enter" && marked >= 0) {
    event.preventDefault();
    choose(list.children[marked]);
  }
});
list.addEventListener("click", (event) => {
  const item = event.target.closest("[role=option]");
  if (item) choose(item);
  to.focus();
});
dialog.querySelector("form.dialog-body").addEventListener("submit", (event) => {
  const typed = to.value.trim();
  problem.hidden = Boolean(chosen || (isAddress(typed) && destination(typed)) || isPath(typed));
  if (problem.hidden) return;
  event.preventDefault();
  to.focus();
});

const escaped = (text) => text.replace(/[[\]\\]/g, "\\$&");

/** @returns {Promise<string>} Markdown of the link; empty if none is wanted */
export async function pickLink(selected) {
  forget();
  words.value = selected;
  to.value = isAddress(selected.trim()) ? selected.trim() : "";
  show([]);
  if (!to.value) find("");
  const closed = ask(dialog);
  to.focus();
  if (!(await closed)) return "";
  const text = words.value.trim();
  const typed = to.value.trim();
  if (!chosen) {
    const address = isPath(typed) ? typed.replace(/[()<>|\\]/g, encodeURIComponent) : destination(typed);
    return text && text !== typed ? `[${escaped(text)}](${address})` : isPath(typed) ? `[${escaped(typed)}](${address})` : `<${address}>`;
  }
  const target = section.value || chosen.target;
  if (chosen.link && !section.value) return text && text !== chosen.title ? chosen.link.replace(/^\[.*\]\(/s, () => `[${escaped(text)}](`) : chosen.link;
  return text && text !== chosen.title && !/[|[\]]/.test(text) ? `[[${target}|${text}]]` : `[[${target}]]`;
}
