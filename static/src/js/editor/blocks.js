// The menu of blocks: `/` at the beginning of a line offers what a page can have, filtered by what is typed after it.
import { closeCompletion, completionStatus, startCompletion } from "@codemirror/autocomplete";
import { Prec } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { insertImage, insertLink, insertTable } from "./tools.js";
import { CODE, insertBlocks, within } from "./structure.js";
import { t } from "../words.js";

const BEGUN = /^\s*(?:>\s?)*(?:(?:[-*+]|\d{1,9}[.)])\s+)?\/([\p{L}\d][\p{L}\d ]{0,24})?$/u;

/** Name, what it looks like in the text, its Markdown (‹…› is selected) or what it does, and other words for it. */
const BLOCKS = [
  [t("Heading 1"), "#", "# ‹›", "h1 title"],
  [t("Heading 2"), "##", "## ‹›", "h2 section"],
  [t("Heading 3"), "###", "### ‹›", "h3 subsection"],
  [t("Heading 4"), "####", "#### ‹›", "h4"],
  [t("Bulleted list"), "-", "- ‹›", "ul unordered"],
  [t("Numbered list"), "1.", "1. ‹›", "ol ordered"],
  [t("Task list"), "- [ ]", "- [ ] ‹›", "todo checkbox"],
  [t("Quote"), ">", "> ‹›", "blockquote"],
  [t("Code block"), "```", "```‹›\n\n```", "pre source language"],
  [t("Table"), "| a | b |", insertTable, "grid rows columns"],
  [t("Link"), "Ctrl-L", insertLink, "page url address"],
  [t("Image"), "![…](…)", insertImage, "picture photo file upload"],
  [t("Note"), "> [!NOTE]", "> [!NOTE]\n> ‹›", "callout admonition info"],
  [t("Tip"), "> [!TIP]", "> [!TIP]\n> ‹›", "callout admonition hint"],
  [t("Important"), "> [!IMPORTANT]", "> [!IMPORTANT]\n> ‹›", "callout admonition"],
  [t("Warning"), "> [!WARNING]", "> [!WARNING]\n> ‹›", "callout admonition"],
  [t("Caution"), "> [!CAUTION]", "> [!CAUTION]\n> ‹›", "callout admonition danger"],
  [t("Details"), "??? note", `??? note "‹${t("Summary")}›"\n    ${t("Folded until someone opens it.")}`, "toggle collapse fold"],
  [t("Divider"), "---", "---\n\n‹›", "line rule hr separator"],
  [t("Table of contents"), "[TOC]", "[TOC]\n\n‹›", "toc contents"],
  [t("Embedded page"), "![[…]]", "![[‹›", "include transclude"],
  [t("Footnote"), "[^1]", "[^1]: ‹›", "note reference"],
];

let dismissed = -1; // the beginning of the line in which Escape closed the menu

function apply(block, view, from, to) {
  if (typeof block === "string") {
    insertBlocks(view, from, to, block);
    if (block === "![[‹›") startCompletion(view);
    return;
  }
  view.dispatch({ changes: { from, to }, userEvent: "input.complete" });
  block(view);
}

/** A CodeMirror completion source. */
export function completeBlocks({ state, pos }) {
  const line = state.doc.lineAt(pos);
  const typed = BEGUN.exec(state.sliceDoc(line.from, pos));
  if (!typed || line.from === dismissed || within(state, pos, CODE)) return null;
  dismissed = -1;
  const words = (typed[1] ?? "").toLowerCase();
  const slash = pos - words.length - 1;
  const options = BLOCKS.filter(([name, , , others]) => `${name} ${others}`.toLowerCase().split(" ")
    .some((word, at, all) => all.slice(at).join(" ").startsWith(words)))
    .map(([label, detail, block]) => ({
      label, detail, exact: true, apply: (view, _option, _from, to) => apply(block, view, slash, to),
    }));
  return { from: slash + 1, options, filter: false };
}

/** Escape closes the menu for as long as one stays on the line, so that a slash can be written. */
export const keepSlash = Prec.highest(EditorView.domEventHandlers({
  keydown(event, view) {
    if (event.key !== "Escape" || completionStatus(view.state) !== "active") return false;
    const line = view.state.doc.lineAt(view.state.selection.main.head);
    if (BEGUN.test(line.text)) dismissed = line.from;
    event.preventDefault();
    return closeCompletion(view);
  },
}));

/** Opens the menu at the cursor, on a line of its own. */
export function openBlocks(view) {
  const { state } = view;
  const line = state.doc.lineAt(state.selection.main.head);
  const insert = line.text.trim() ? `${state.lineBreak}/` : "/";
  const at = line.to;
  dismissed = -1;
  view.dispatch({ changes: { from: at, insert }, selection: { anchor: at + insert.length }, scrollIntoView: true, userEvent: "input.type" });
  view.focus();
  startCompletion(view);
}
