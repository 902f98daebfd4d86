// The keys of a tree: arrows, Home, End, the beginning of a title; with Alt, arrows move a page.
import { aboveOf, branchOf, focusRow, linkOf, listOf, rowOf, shownLinks } from "./rows.js";

const PAUSE = 700; // milliseconds after which typing begins a new title
let typed = "";
let last = 0;

/** The row that a key moves the focus to, or null. */
function target(nav, row, key) {
  const links = shownLinks(nav);
  const at = links.indexOf(linkOf(row));
  const open = branchOf(row)?.open;
  if (key === "ArrowDown") return links[at + 1];
  if (key === "ArrowUp") return links[at - 1];
  if (key === "Home") return links[0];
  if (key === "End") return links.at(-1);
  if (key === "in") {
    if (open) return listOf(row).firstElementChild && linkOf(listOf(row).firstElementChild);
    if (branchOf(row)) branchOf(row).open = true;
  } else if (open) {
    branchOf(row).open = false;
  } else {
    return aboveOf(row) && linkOf(aboveOf(row));
  }
  return null;
}

function sought(nav, row, character) {
  const now = Date.now();
  typed = now - last > PAUSE ? character : typed + character;
  last = now;
  const links = shownLinks(nav);
  const from = links.indexOf(linkOf(row)) + (typed.length === 1 ? 1 : 0);
  const wanted = typed.toLocaleLowerCase();
  return [...links.slice(from), ...links.slice(0, from)]
    .find((link) => link.textContent.trim().toLocaleLowerCase().startsWith(wanted));
}

export function listen(nav) {
  nav.addEventListener("focusin", (event) => {
    if (event.target.role === "treeitem") {
      for (const link of nav.querySelectorAll("[role=treeitem]")) link.tabIndex = link === event.target ? 0 : -1;
    }
  });
  nav.addEventListener("keydown", (event) => {
    const row = event.target.role === "treeitem" && rowOf(event.target);
    if (!row || event.isComposing || event.ctrlKey || event.metaKey) return;
    const start = getComputedStyle(nav).direction === "rtl" ? "ArrowRight" : "ArrowLeft";
    const sideways = { ArrowLeft: start === "ArrowLeft" ? "out" : "in", ArrowRight: start === "ArrowLeft" ? "in" : "out" };
    const key = sideways[event.key] ?? event.key;
    let to = null;
    if (event.altKey) {
      if (!["ArrowUp", "ArrowDown", "in", "out"].includes(key) || !nav.hasAttribute("data-movable")) return;
      if (row.dataset.id) import("later:moving").then(({ shift }) => shift(nav, row, key));
    } else if (key === "F2") {
      if (!nav.hasAttribute("data-movable") || !row.dataset.id) return;
      location.assign(`${linkOf(row).pathname}/-/move`);
    } else if (["ArrowUp", "ArrowDown", "Home", "End", "in", "out"].includes(key)) {
      to = target(nav, row, key);
    } else if (event.key.length === 1 && event.key !== " ") {
      to = sought(nav, row, event.key);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    if (to) focusRow(nav, rowOf(to));
  });
}
