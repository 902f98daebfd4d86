// After `[[`, and `![[`, the titles of pages that the server finds for what was typed, as [[wiki links]]. The
// last row keeps what was typed, as a link to a page that does not exist yet. After `#` the sections of the page.
import { acceptCompletion, completionStatus, currentCompletions, selectedCompletionIndex, setSelectedCompletion } from "@codemirror/autocomplete";
import { syntaxTree } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { t } from "../words.js";

const BEGUN = /\[\[[^\]|\n]*$/;
const SPECIAL = /[#|[\]<]/g;
let awaited = null; // the text in which Enter was pressed before its rows had come

/** A CodeMirror completion source. */
export async function completeLinks(context) {
  const typed = context.matchBefore(BEGUN);
  if (!typed) return null;
  const words = typed.text.slice(2).trim();
  if (words.startsWith("#")) return { from: typed.from + 2, options: ownSections(context.state, words), filter: false };
  const here = document.body.dataset.space ?? "";
  let answer;
  try {
    answer = await fetch(`/-/switch?${new URLSearchParams({ q: words, space: here, for: "link" })}`);
  } catch {
    return null;
  }
  if (!answer.ok || context.aborted) return null;
  const found = new DOMParser().parseFromString(await answer.text(), "text/html");
  const options = [];
  for (const anchor of found.querySelectorAll("a[href^='/']")) {
    const detail = anchor.querySelector("small")?.textContent.trim() ?? "";
    const label = (anchor.querySelector("[data-title]") ?? anchor.firstChild)?.textContent.trim() ?? "";
    const { target, link } = anchor.dataset;
    const exact = "exact" in anchor.dataset;
    options.push({ label, detail, exact, apply: (view, _option, from, to) => insert(view, target, from, to, link) });
  }
  if (found.querySelector("[data-creates]")) {
    options.push({ label: t("Create “%(title)s”", { title: words }), creates: true, apply: (view, _option, from, to) => insert(view, words, from, to) });
  }
  return { from: typed.from + 2, options, filter: false };
}

/** The headings of the text itself that have the words after the `#`. */
function ownSections(state, typed) {
  const words = typed.slice(1).trim().toLowerCase();
  const options = [];
  syntaxTree(state).iterate({
    enter({ name, from, to }) {
      if (!/^(ATX|Setext)Heading/.test(name)) return;
      const label = state.sliceDoc(from, to).split("\n")[0].replace(/^#+\s*|\s+#+\s*$|[*_`]/g, "").trim();
      if (!label || !label.toLowerCase().includes(words)) return;
      const target = `#${label.replace(SPECIAL, "\\$&")}`;
      options.push({ label, detail: t("on this page"), exact: label.toLowerCase() === words, apply: (view, _option, begin, end) => insert(view, target, begin, end) });
    },
  });
  return options;
}

/** Enter in a link that is being typed never breaks its line while there is something to choose from: it waits for
 *  the rows, and takes the chosen one as soon as they are there; where none is chosen, it chooses the first. */
export function waitForLink(view) {
  const { state } = view;
  const { head } = state.selection.main;
  if (!BEGUN.test(state.sliceDoc(state.doc.lineAt(head).from, head))) return false;
  const status = completionStatus(state);
  if (status === "pending") awaited = state.doc;
  else if (status === "active" && currentCompletions(state).length && selectedCompletionIndex(state) === null) view.dispatch({ effects: setSelectedCompletion(0) });
  else return false;
  return true;
}

/** Chooses, among rows that have just come, the page that is called exactly so, or else the one to create:
 *  Enter never puts another page in the place of what was typed. */
export const chooseLink = EditorView.updateListener.of(({ state, startState, view }) => {
  const waiting = awaited === state.doc;
  if (completionStatus(state) !== "pending" || !waiting) awaited = null;
  const rows = currentCompletions(state);
  if (!rows.length || rows === currentCompletions(startState)) return;
  const chosen = rows.findIndex((row) => row.exact || row.creates);
  if (chosen < 0) return;
  queueMicrotask(() => {
    if (currentCompletions(view.state) !== rows) return;
    view.dispatch({ effects: setSelectedCompletion(chosen) });
    if (waiting) acceptCompletion(view);
  });
});

/** Puts a wiki link where one was begun, or, where its path has a sign that ends a table's cell, the Markdown link. */
function insert(view, target, from, to, link = "") {
  const closed = view.state.sliceDoc(to, to + 2) === "]]";
  const shows = view.state.sliceDoc(from - 3, from) === "![[";
  const plain = link && !shows;
  const changes = plain ? { from: from - 2, to: closed ? to + 2 : to, insert: link } : { from, to, insert: closed ? target : `${target}]]` };
  const anchor = plain ? from - 2 + link.length : from + target.length + 2;
  view.dispatch({ changes, selection: { anchor }, userEvent: "input.complete" });
}
