// The Markdown at a place in the text, and the places there where blocks can be inserted.
import { ensureSyntaxTree, syntaxTree } from "@codemirror/language";

export const CODE = new Set(["FencedCode", "CodeBlock", "CodeText", "InlineCode", "HTMLBlock", "CommentBlock"]);
export const IN_LINK = new Set([...CODE, "Link", "Image", "URL", "Autolink", "LinkReference"]);
const BEGUN = /^(\s*(?:>\s?)*)((?:[-*+]|\d{1,9}[.)])\s+)?(?:\[[ xX]\]\s+)?$/;
const ITEM = /^(?:[-*+]|\d{1,9}[.)])\s/;
const PARSING = 100; // milliseconds to wait for the structure of a long text

/** Whether a place in the text is within a node of one of these names that reaches beyond the part from–to. */
export function within(state, at, names, from = at, to = at) {
  const tree = ensureSyntaxTree(state, at, PARSING) ?? syntaxTree(state);
  for (let node = tree.resolveInner(at, 0); node; node = node.parent) {
    if (names.has(node.name) && (node.from < from || node.to > to)) return true;
  }
  // Code whose closing fence is still missing ends where the cursor is.
  for (let node = tree.resolveInner(at, -1); node; node = node.parent) {
    if (node.name === "FencedCode" && names.has(node.name) && node.getChildren("CodeMark").length < 2) return true;
  }
  return false;
}

/** Markdown of blocks as it stands at this place: on lines of its own, indented as the item or quote around it. */
export function placeBlocks(state, from, to, markdown) {
  const line = state.doc.lineAt(from);
  const last = state.doc.lineAt(to);
  const before = state.sliceDoc(line.from, from);
  const after = state.sliceDoc(to, last.to);
  const [, lead, marker = ""] = BEGUN.exec(before) ?? [];
  const above = line.number > 1 && state.doc.line(line.number - 1).text.trim();
  const below = last.number < state.doc.lines && state.doc.line(last.number + 1).text.trim();
  const ending = after.trim() ? "\n\n" : below && !marker && !lead ? "\n" : "";
  if (lead === undefined) return { from, insert: `\n\n${markdown}${ending}` };
  const replaced = marker && ITEM.test(markdown); // an item in place of the one that was begun
  const indent = lead + " ".repeat(replaced ? 0 : marker.length);
  const lines = markdown.replace(/\n/g, `\n${indent}`);
  return {
    from: replaced ? line.from + lead.length : from,
    insert: `${above && !before ? "\n" : ""}${lines}${ending}`,
  };
}

/** Puts blocks in the place of the part from–to; what stands between ‹ and › in them is selected. */
export function insertBlocks(view, from, to, markdown) {
  const placed = placeBlocks(view.state, from, to, markdown);
  const start = placed.insert.indexOf("‹");
  const end = placed.insert.indexOf("›") - 1;
  const insert = placed.insert.replace(/[‹›]/g, "");
  const anchor = placed.from + (start < 0 ? insert.length : start);
  view.dispatch({
    changes: { from: placed.from, to, insert },
    selection: { anchor, head: start < 0 ? anchor : placed.from + end },
    scrollIntoView: true,
    userEvent: "input.complete",
  });
  view.focus();
}
