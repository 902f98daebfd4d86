// The rows of a tree: links become items of a tree (WAI-ARIA), and branches are fetched when they open.
import { t } from "../words.js";

export const linkOf = (row) => row.querySelector(":scope > a, :scope > .folder");
export const branchOf = (row) => row.querySelector(":scope > details");
export const listOf = (row) => branchOf(row)?.querySelector("ul") ?? null;
export const rowOf = (node) => node.closest(".tree li");
export const rowsIn = (list) => [...list.children].filter((row) => row.dataset.path);
export const aboveOf = (row) => row.parentElement.closest(".tree li");

/** The links of the rows that are shown, in order. */
export function shownLinks(nav) {
  return [...nav.querySelectorAll("[role=treeitem]")].filter((link) => link.checkVisibility());
}

/** Make the items of a list, and of those in it, items of the tree. */
export function prepare(nav, list, level) {
  prepareList(nav, list, level);
  settleFocus(nav);
}

function prepareList(nav, list, level) {
  list.setAttribute("role", level === 1 ? "tree" : "group");
  if (level === 1) list.setAttribute("aria-label", nav.getAttribute("aria-label"));
  for (const row of list.children) prepareRow(nav, row, level);
}

export function prepareRow(nav, row, level) {
  row.setAttribute("role", "none");
  const link = linkOf(row);
  link.setAttribute("role", "treeitem");
  link.setAttribute("aria-level", level);
  link.tabIndex = -1;
  if (row.classList.contains("more") && !branchOf(row)) addBranch(nav, row);
  if (branchOf(row)) prepareBranch(nav, row, level);
  if (row.classList.contains("rest")) link.addEventListener("click", (event) => more(nav, row, event));
}

function prepareBranch(nav, row, level) {
  const branch = branchOf(row);
  const twig = branch.querySelector("summary");
  twig.tabIndex = -1;
  twig.setAttribute("aria-hidden", "true");
  linkOf(row).setAttribute("aria-expanded", String(branch.open));
  prepareList(nav, listOf(row), level + 1);
  if (branch.dataset.ready) return;
  branch.dataset.ready = "1";
  branch.addEventListener("toggle", () => {
    linkOf(row).setAttribute("aria-expanded", String(branch.open));
    if (branch.open && row.classList.contains("more")) load(nav, row);
    if (!branch.open) settleFocus(nav);
  });
}

/** Give a row an empty branch; the one of a page with unlisted children is fetched once it opens. */
export function addBranch(nav, row) {
  const branch = document.createElement("details");
  branch.append(document.createElement("summary"), document.createElement("ul"));
  row.append(branch);
  row.classList.add("branch");
  prepareBranch(nav, row, Number(linkOf(row).getAttribute("aria-level")));
}

/** Fetch the pages directly below a row. */
async function load(nav, row) {
  row.classList.remove("more");
  const query = new URLSearchParams({ under: row.dataset.path });
  const list = listOf(row);
  const told = await fetchLevel(nav, query);
  list.innerHTML = told ?? `<li class="rest"><a href="${linkOf(row).getAttribute("href")}"></a></li>`;
  if (told === null) list.querySelector("a").textContent = t("The pages can’t be listed right now.");
  prepare(nav, list, Number(linkOf(row).getAttribute("aria-level")) + 1);
}

/** Show the following pages of a long level in place of the link to them. */
async function more(nav, row, event) {
  if (event.metaKey || event.ctrlKey || event.shiftKey || !linkOf(row).search) return;
  event.preventDefault();
  const told = await fetchLevel(nav, linkOf(row).search);
  if (told === null) {
    location.assign(linkOf(row).href);
    return;
  }
  const level = Number(linkOf(row).getAttribute("aria-level"));
  const held = document.createElement("ul");
  held.innerHTML = told;
  const first = held.firstElementChild;
  const list = row.parentElement;
  row.replaceWith(...held.children);
  prepare(nav, list, level);
  if (first) focusRow(nav, first);
}

async function fetchLevel(nav, query) {
  try {
    const answer = await fetch(`/${nav.dataset.tree}/-/tree/level?${new URLSearchParams(query)}`);
    return answer.ok ? await answer.text() : null;
  } catch {
    return null;
  }
}

/** Let exactly one item be reached with Tab: the one that has the focus, the current page, or the first. */
export function settleFocus(nav) {
  const links = [...nav.querySelectorAll("[role=treeitem]")];
  const find = (wanted) => links.find((link) => wanted(link) && link.checkVisibility()); // which is slow
  const one = find((link) => link === document.activeElement) ?? find((link) => link.tabIndex === 0)
    ?? find((link) => link.ariaCurrent) ?? find(() => true);
  for (const link of links) link.tabIndex = link === one ? 0 : -1;
}

export function focusRow(nav, row) {
  const link = linkOf(row);
  for (const other of nav.querySelectorAll("[role=treeitem]")) other.tabIndex = other === link ? 0 : -1;
  link.focus();
}
