// After `[[`, and `![[`, the titles of pages that the server finds for what was typed, as [[wiki links]]. The
// last row keeps what was typed, as a link to a page that does not exist yet.
import { currentCompletions, setSelectedCompletion } from "@codemirror/autocomplete";
import { EditorView } from "@codemirror/view";

/** A CodeMirror completion source. */
export async function completeLinks(context) {
  const typed = context.matchBefore(/\[\[[^\]|#\n]*$/);
  if (!typed) return null;
  const words = typed.text.slice(2).trim();
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
    options.push({ label: `Create “${words}”`, creates: true, apply: (view, _option, from, to) => insert(view, words, from, to) });
  }
  return { from: typed.from + 2, options, filter: false };
}

/** Chooses, among rows that have just come, the page that is called exactly so, or else the one to create:
 *  Enter never puts another page in the place of what was typed. */
export const chooseLink = EditorView.updateListener.of(({ state, startState, view }) => {
  const rows = currentCompletions(state);
  if (!rows.length || rows === currentCompletions(startState)) return;
  const chosen = rows.findIndex((row) => row.exact || row.creates);
  if (chosen < 0) return;
  queueMicrotask(() => {
    if (currentCompletions(view.state) === rows) view.dispatch({ effects: setSelectedCompletion(chosen) });
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
