// Tools of the table that the cursor is in: Tab goes from cell to cell, and buttons and keys change rows and columns.
import { syntaxTree } from "@codemirror/language";
import { Prec } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { composing } from "../keys.js";
import { cellAt, changes, format, parse, placeOf } from "./tables.js";

const KEYS = { ArrowUp: "rowUp", ArrowDown: "rowDown", ArrowLeft: "columnLeft", ArrowRight: "columnRight" };

/** The table around the cursor; null where there is none, or where its lines do not begin alike. */
function tableAt(state) {
  const { head } = state.selection.main;
  let node = syntaxTree(state).resolveInner(head, -1);
  while (node && node.name !== "Table") node = node.parent;
  node ??= syntaxTree(state).resolveInner(head, 1);
  while (node && node.name !== "Table") node = node.parent;
  if (!node) return null;
  const first = state.doc.lineAt(node.from);
  const last = state.doc.lineAt(node.to);
  const prefix = state.sliceDoc(first.from, node.from);
  const lines = [];
  for (let { number } = first; number <= last.number; number += 1) {
    const { text } = state.doc.line(number);
    const lead = number === first.number ? prefix : prefix.replace(/[^>\s]/g, " ");
    if (!text.startsWith(lead)) return null;
    lines.push(text.slice(lead.length));
  }
  if (lines.length < 2) return null;
  const line = state.doc.lineAt(head);
  const place = cellAt(lines, line.number - first.number, Math.max(head - line.from - prefix.length, 0));
  return { from: first.from, to: last.to, prefix, table: parse(lines), ...place };
}

/** Writes a table in the place of the one that was found, with a cell selected. */
function put(view, { from, to, prefix }, { table, row, column }) {
  const lead = prefix.replace(/[^>\s]/g, " ");
  const lines = format(table).map((line, at) => (at ? lead : prefix) + line);
  const place = placeOf(table, row, column);
  const start = from + lines.slice(0, place.line).join("\n").length + (place.line ? 1 : 0) + prefix.length;
  const insert = lines.join("\n");
  const same = view.state.sliceDoc(from, to) === insert;
  view.dispatch({
    changes: same ? undefined : { from, to, insert: view.state.toText(insert) },
    selection: { anchor: start + place.from, head: start + place.to },
    scrollIntoView: true,
    userEvent: "input",
  });
}

/** Does one of the changes, if the cursor is in a table and it can be done. */
export function change(view, name) {
  const found = tableAt(view.state);
  const changed = found && changes[name](found.table, found.row, found.column);
  if (changed) put(view, found, changed);
  return Boolean(found);
}

/** Goes to the cell after or before, and beyond the last one to a new row. */
function step(view, by) {
  const found = tableAt(view.state);
  if (!found) return false;
  const { table, row, column } = found;
  const count = table.aligns.length;
  const next = row * count + column + by;
  if (next < 0) return false;
  if (next < table.rows.length * count) put(view, found, { table, row: Math.floor(next / count), column: next % count });
  else put(view, found, { ...changes.addRow(table, row, column), column: 0 });
  return true;
}

/** The CodeMirror extension. Esc and then Tab leaves the text as Tab does elsewhere. */
export function tableTools(form) {
  const bar = form.querySelector("[data-table-tools]");
  let leaving = false;
  return [
    Prec.high(EditorView.domEventHandlers({
      keydown(event, view) {
        if (composing(event)) return false;
        const wasLeaving = leaving;
        leaving = event.key === "Escape" || (leaving && event.key === "Shift");
        if (event.ctrlKey || event.metaKey) return false;
        if (event.key === "Tab" && !event.altKey) return !wasLeaving && step(view, event.shiftKey ? -1 : 1);
        return event.altKey && !event.shiftKey && event.key in KEYS && change(view, KEYS[event.key]);
      },
    })),
    EditorView.updateListener.of(({ docChanged, selectionSet, state, view }) => {
      if (!bar || (!docChanged && !selectionSet && bar.dataset.ready)) return;
      bar.dataset.ready = "";
      bar.hidden = !tableAt(state);
    }),
  ];
}

export function startTableTools(form, view) {
  for (const button of form.querySelectorAll("[data-table]")) {
    button.addEventListener("click", () => {
      change(view, button.dataset.table);
      view.focus();
    });
  }
}
