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

/** A link around the selection, with its address selected to be typed over. */
export function link(view) {
  const { state } = view;
  const { from, to } = state.selection.main;
  const words = state.sliceDoc(from, to) || "words";
  const address = "address";
  const start = from + words.length + 3;
  view.dispatch({
    changes: { from, to, insert: `[${words}](${address})` },
    selection: { anchor: start, head: start + address.length },
    scrollIntoView: true,
    userEvent: "input",
  });
  view.focus();
  return true;
}

/** What each toolbar button (data-format) does. */
export const formats = {
  bold: (view) => wrap(view, "**", "**", "bold"),
  italic: (view) => wrap(view, "_", "_", "italic"),
  code: (view) => wrap(view, "`", "`", "code"),
  page: (view) => wrap(view, "[[", "]]", "page"),
  link,
  heading: (view) => prefix(view, () => "## "),
  bullets: (view) => prefix(view, () => "- "),
  numbers: (view) => prefix(view, (at) => `${at + 1}. `),
  tasks: (view) => prefix(view, () => "- [ ] "),
  quote: (view) => prefix(view, () => "> "),
};

const KEYS = { "Mod-b": formats.bold, "Mod-i": formats.italic, "Mod-l": formats.link };

/** Keys for some of them, before CodeMirror's own. */
export const formatKeys = Prec.high(EditorView.domEventHandlers({
  keydown(event, view) {
    const key = Object.keys(KEYS).find((each) => pressed(event, each));
    return key !== undefined && KEYS[key](view);
  },
}));
