// After `[[`, and `![[`, the titles of pages that the server finds for what was typed, as [[wiki links]]. The
// last row keeps what was typed, as a link to a page that does not exist yet.
import { currentCompletions, setSelectedCompletion } from "@codemirror/autocomplete";
import { EditorView } from "@codemirror/view";

/** Path and space of a page's address, "" for what is no page's. */
function placeOf(url) {
  const [, space, ...rest] = decodeURIComponent(url.pathname).split("/");
  return rest[0] === "-" || !space ? null : { space, path: rest.join("/") };
}

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
    const place = placeOf(new URL(anchor.getAttribute("href"), location.origin));
    if (!place) continue;
    const detail = anchor.querySelector("small")?.textContent.trim() ?? "";
    const label = (anchor.querySelector("[data-title]") ?? anchor.firstChild)?.textContent.trim() ?? place.path;
    const target = place.space === here ? place.path : `${place.space}:${place.path}`;
    const exact = "exact" in anchor.dataset;
    options.push({ label, detail, exact, apply: (view, _option, from, to) => insert(view, target, from, to) });
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

function insert(view, target, from, to) {
  const closed = view.state.sliceDoc(to, to + 2) === "]]";
  view.dispatch({
    changes: { from, to, insert: closed ? target : `${target}]]` },
    selection: { anchor: from + target.length + 2 },
    userEvent: "input.complete",
  });
}
