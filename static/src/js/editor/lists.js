// Enter at the end of a list item begins the next one; on an empty item it ends the list.
const ITEM = /^(\s*(?:>\s?)*)([-*+]|\d{1,9}[.)])(\s+)(\[[ xX]\]\s+)?(.*)$/;

/** A CodeMirror command; false leaves Enter to the others. */
export function continueList(view) {
  const { state } = view;
  const { main } = state.selection;
  const line = state.doc.lineAt(main.head);
  const match = ITEM.exec(line.text);
  if (!match || !main.empty || state.readOnly) return false;
  const [, indent, marker, gap, box = "", rest] = match;
  const begin = line.from + indent.length + marker.length + gap.length + box.length;
  if (main.head < begin) return false;
  if (!rest) {
    // A line right behind an item would belong to it: a blank one makes the next a paragraph.
    const above = line.number > 1 && state.doc.line(line.number - 1).text.trim();
    const insert = above ? state.lineBreak : "";
    const changes = { from: line.from, to: line.to, insert };
    view.dispatch({ changes, selection: { anchor: line.from + insert.length }, scrollIntoView: true, userEvent: "delete" });
    return true;
  }
  const next = /\d/.test(marker) ? `${Number.parseInt(marker, 10) + 1}${marker.at(-1)}` : marker;
  const insert = `${state.lineBreak}${indent}${next}${gap}${box && "[ ] "}`;
  view.dispatch(state.replaceSelection(insert), { scrollIntoView: true, userEvent: "input" });
  return true;
}
