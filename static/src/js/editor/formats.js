// Marks around what is selected and at the beginning of its lines: what the toolbar's buttons do.
import { EditorSelection, Prec } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { pressed } from "../keys.js";

/** Put `before` and `after` around each selection, or take them away where they are. */
export function wrap(view, before, after = before, placeholder = "") {
  const { state } = view;
  view.dispatch(state.update(state.changeByRange((range) => {
    const inside = state.sliceDoc(range.from, range.to);
    const left = state.sliceDoc(range.from - before.length, range.from);
    const right = state.sliceDoc(range.to, range.to + after.length);
    if (left === before && right === after) {
      return {
        changes: [{ from: range.from - before.length, to: range.from }, { from: range.to, to: range.to + after.length }],
        range: EditorSelection.range(range.from - before.length, range.to - before.length),
      };
    }
    const words = inside || placeholder;
    const start = range.from + before.length;
    return {
      changes: { from: range.from, to: range.to, insert: before + words + after },
      range: EditorSelection.range(start, start + words.length),
    };
  }), { scrollIntoView: true, userEvent: "input" }));
  view.focus();
  return true;
}

/** Begin every selected line with `mark(index)`, or take it away when all lines begin with it. */
export function prefix(view, mark) {
  const { state } = view;
  const { from, to } = state.selection.main;
  const first = state.doc.lineAt(from).number;
  const last = state.doc.lineAt(to).number;
  const lines = [];
  for (let number = first; number <= last; number += 1) lines.push(state.doc.line(number));
  const marked = lines.every((line, at) => line.text.startsWith(mark(at)));
  view.dispatch({
    changes: lines.map((line, at) => (marked
      ? { from: line.from, to: line.from + mark(at).length }
      : { from: line.from, insert: mark(at) })),
    userEvent: "input",
  });
  view.focus();
  return true;
}

/** Makes the selected lines headings of the next level: from none to 2, 3, 4 and back. */
function heading(view) {
  const { state } = view;
  const { from, to } = state.selection.main;
  const first = state.doc.lineAt(from);
  const level = /^#*(?= )/.exec(first.text)?.[0].length ?? 0;
  const next = level >= 4 ? "" : `${"#".repeat(Math.max(level + 1, 2))} `;
  const changes = [];
  for (let { number } = first; number <= state.doc.lineAt(to).number; number += 1) {
    const line = state.doc.line(number);
    const mark = /^#+ /.exec(line.text)?.[0] ?? "";
    if (line.text.trim() || first.from === line.from) changes.push({ from: line.from, to: line.from + mark.length, insert: next });
  }
  const { anchor, head } = state.selection.main;
  const set = state.changes(changes);
  view.dispatch({ changes: set, selection: { anchor: set.mapPos(anchor, 1), head: set.mapPos(head, 1) }, userEvent: "input" });
  view.focus();
  return true;
}

/** What each toolbar button (data-format) does. */
export const formats = {
  bold: (view) => wrap(view, "**", "**", "bold"),
  italic: (view) => wrap(view, "_", "_", "italic"),
  code: (view) => wrap(view, "`", "`", "code"),
  heading,
  bullets: (view) => prefix(view, () => "- "),
  numbers: (view) => prefix(view, (at) => `${at + 1}. `),
  tasks: (view) => prefix(view, () => "- [ ] "),
  quote: (view) => prefix(view, () => "> "),
};

const KEYS = { "Mod-b": formats.bold, "Mod-i": formats.italic };

/** Keys for some of them, before CodeMirror's own. */
export const formatKeys = Prec.high(EditorView.domEventHandlers({
  keydown(event, view) {
    const key = Object.keys(KEYS).find((each) => pressed(event, each));
    return key !== undefined && KEYS[key](view);
  },
}));
