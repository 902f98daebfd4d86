// Moves of pages in a tree: shown at once, sent, and taken back with the reason if they are refused.
import { t } from "../words.js";
import { aboveOf, addBranch, branchOf, focusRow, linkOf, listOf, prepareRow, rowsIn, settleFocus } from "./rows.js";

const KEPT = "trellis:moved";
const titleOf = (row) => linkOf(row).textContent.trim();
const pathOf = (row) => row?.dataset.path ?? "";

/** The place of a row, to put it back. */
function placeOf(row) {
  return { list: row.parentElement, next: row.nextElementSibling };
}

/** Move a row with Alt and an arrow. */
export function shift(nav, row, key) {
  const rows = rowsIn(row.parentElement);
  const at = rows.indexOf(row);
  const page = (one) => one && one.dataset.id;
  if (key === "ArrowUp" && page(rows[at - 1])) move(nav, row, rows[at - 1], "before");
  if (key === "ArrowDown" && page(rows[at + 1])) move(nav, row, rows[at + 1], "after");
  if (key === "in" && rows[at - 1]) move(nav, row, rows[at - 1], "into");
  if (key === "out" && page(aboveOf(row))) move(nav, row, aboveOf(row), "after");
}

function words(row, target, where) {
  const names = { title: titleOf(row), other: titleOf(target) };
  if (where === "before") return t("Moved “%(title)s” before “%(other)s”.", names);
  if (where === "after") return t("Moved “%(title)s” after “%(other)s”.", names);
  return t("Moved “%(title)s” into “%(other)s”.", names);
}

/** Put a row before or after another one, or below it. */
function put(nav, row, target, where) {
  if (where === "into") {
    if (!branchOf(target)) addBranch(nav, target);
    const list = listOf(target);
    if (target.classList.contains("more")) row.remove(); // it will be there when the branch is fetched
    else list.insertBefore(row, list.querySelector(":scope > .rest"));
  } else {
    target[where](row);
  }
  if (row.isConnected) {
    const above = aboveOf(row);
    prepareRow(nav, row, above ? Number(linkOf(above).getAttribute("aria-level")) + 1 : 1);
  }
}

function tidy(list) {
  const row = list.closest("details")?.parentElement;
  if (!row || list.children.length) return;
  branchOf(row).remove();
  row.classList.remove("branch");
  linkOf(row).removeAttribute("aria-expanded");
}

/** Move a page before or after a row, or into it (`where`). */
export async function move(nav, row, target, where) {
  const from = placeOf(row);
  const hadFocus = row.contains(document.activeElement);
  const said = words(row, target, where);
  const parent = where === "into" ? pathOf(target) : pathOf(aboveOf(target));
  const position = where === "into" ? "last" : `${where}:${target.dataset.id}`;
  put(nav, row, target, where);
  if (where === "into") branchOf(target).open = true;
  if (hadFocus && row.isConnected) focusRow(nav, row);
  row.setAttribute("aria-busy", "true");
  try {
    const answer = await send(nav, row, { parent, position });
    follow(row, answer);
    tidy(from.list);
    settleFocus(nav);
    say(nav, said, answer);
    if (row.querySelector("[aria-current]")) reopen(row, said, answer);
  } catch (problem) {
    from.list.insertBefore(row, from.next);
    const above = aboveOf(row);
    prepareRow(nav, row, above ? Number(linkOf(above).getAttribute("aria-level")) + 1 : 1);
    settleFocus(nav);
    if (hadFocus) focusRow(nav, row);
    if (problem.exposes) {
      location.assign(`${linkOf(row).pathname}/-/move?${new URLSearchParams({ parent, position })}`);
      return;
    }
    const offline = problem instanceof TypeError;
    say(nav, offline ? t("Not moved: you are offline.") : t("Not moved. %(reason)s", { reason: problem.message }));
  } finally {
    row.removeAttribute("aria-busy");
  }
}

async function send(nav, row, place) {
  const sent = new URLSearchParams(place);
  const headers = { Accept: "application/json", "X-CSRFToken": nav.dataset.token };
  const answer = await fetch(`${linkOf(row).pathname}/-/place`, { method: "POST", body: sent, headers });
  const told = answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : {};
  if (answer.ok && told.url) return told;
  const problem = new Error(told.detail ?? t("Reload the page and try again."));
  problem.exposes = answer.status === 409 && told.consent;
  throw problem;
}

/** Give a moved row, and those below it, their new addresses. */
function follow(row, { path, url }) {
  const [oldPath, oldUrl] = [row.dataset.path, linkOf(row).pathname];
  for (const one of [row, ...row.querySelectorAll("li[data-path]")]) {
    one.dataset.path = path + one.dataset.path.slice(oldPath.length);
    const link = linkOf(one);
    if (link.pathname?.startsWith(oldUrl)) link.pathname = url + link.pathname.slice(oldUrl.length);
  }
}

/** Open the current page again where its address has changed. */
function reopen(row, said, answer) {
  const here = row.querySelector("[aria-current]");
  if (here.pathname === location.pathname) return;
  sessionStorage.setItem(KEPT, JSON.stringify({ said, answer, slug: row.closest("nav").dataset.tree }));
  location.assign(here.pathname);
}

/** Say what was moved before this screen was opened. */
export function showSaid() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEPT));
    sessionStorage.removeItem(KEPT);
    const nav = kept && document.querySelector(`[data-tree="${CSS.escape(kept.slug)}"]`);
    if (nav) say(nav, kept.said, kept.answer);
  } catch {
    // Nothing was kept.
  }
}

function say(nav, text, answer) {
  let bar = nav.parentElement.querySelector(":scope > .tree-said");
  if (!bar) {
    bar = document.createElement("div");
    bar.className = "tree-said";
    bar.setAttribute("role", "status");
    nav.after(bar);
  }
  const line = document.createElement("p");
  line.textContent = text;
  bar.replaceChildren(line);
  if (!answer?.event) return; // nothing to undo: refused, or the page was there already
  const undo = document.createElement("button");
  undo.type = "button";
  undo.className = "button small";
  undo.textContent = t("Undo");
  undo.addEventListener("click", () => takeBack(nav, answer));
  bar.append(undo);
}

async function takeBack(nav, { url, event }) {
  const headers = { Accept: "application/json", "X-CSRFToken": nav.dataset.token, "Wiki-Redirect": "tell" };
  const answer = await fetch(`${url}/-/move/undo`, { method: "POST", body: new URLSearchParams({ event }), headers });
  const back = answer.headers.get("Wiki-Redirect");
  if (!answer.ok || !back) {
    location.assign(`${url}/-/move/undo?event=${event}`);
    return;
  }
  const inside = location.pathname === url || location.pathname.startsWith(`${url}/`);
  if (inside && back !== url) location.assign(back + location.pathname.slice(url.length));
  else location.reload();
}
