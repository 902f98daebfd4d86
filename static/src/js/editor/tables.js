// Tables of the text as rows of cells, and the changes of them. Nothing here knows of the editor.
const WIDE = /\p{Extended_Pictographic}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/gu;
const MARKS = /[\u0300-\u036f\u200d\ufe0f]/g;
const LINE = { left: (n) => `:${"-".repeat(n - 1)}`, center: (n) => `:${"-".repeat(n - 2)}:`, right: (n) => `${"-".repeat(n - 1)}:`, "": (n) => "-".repeat(n) };
const WIDEST = 40; // of a column: longer cells would fill all others with blanks
const ALIGNS = ["", "left", "center", "right"];

const width = (text) => [...text.replace(MARKS, "")].length + (text.match(WIDE)?.length ?? 0);

/** The cells of a line. */
function cells(line) {
  const inner = line.trim().replace(/^\|/, "").replace(/(?<!\\)((?:\\\\)*)\|$/, "$1");
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim());
}

/** @param {string[]} lines header, delimiters, rows @returns {{rows: string[][], aligns: string[]}} all rows equally long */
export function parse(lines) {
  const [header, delimiters, ...rest] = lines.map(cells);
  const aligns = delimiters.map((one) => (one.endsWith(":") ? (one.startsWith(":") ? "center" : "right") : one.startsWith(":") ? "left" : ""));
  const count = header.length;
  const even = (row) => Array.from({ length: count }, (_, at) => row[at] ?? "");
  return { rows: [header, ...rest].map(even), aligns: Array.from({ length: count }, (_, at) => aligns[at] ?? "") };
}

/** The lines of a table, its columns one below the other. */
export function format({ rows, aligns }) {
  const widths = aligns.map((_, at) => Math.min(Math.max(3, ...rows.map((row) => width(row[at]))), WIDEST));
  const pad = (text, at) => {
    const room = Math.max(widths[at] - width(text), 0);
    const before = aligns[at] === "right" ? room : aligns[at] === "center" ? Math.floor(room / 2) : 0;
    return " ".repeat(before) + text + " ".repeat(room - before);
  };
  const lines = rows.map((row) => `| ${row.map(pad).join(" | ")} |`);
  lines.splice(1, 0, `| ${aligns.map((align, at) => LINE[align](widths[at])).join(" | ")} |`);
  return lines;
}

/** The begin and end of a cell in the lines of `format`. Row 0 is the header. */
export function placeOf(table, row, column) {
  const line = row ? row + 1 : 0;
  const text = format(table)[line];
  const bars = [...text.matchAll(/(?<!\\)\|/g)].map(({ index }) => index);
  const begin = bars[column] + 1;
  const cell = text.slice(begin, bars[column + 1]);
  const lead = cell.trim() ? cell.length - cell.trimStart().length : 1;
  return { line, from: begin + lead, to: begin + lead + cell.trim().length };
}

/** The row and column of a place in the lines of a table. */
export function cellAt(lines, line, offset) {
  const bars = [...lines[line].slice(0, offset).matchAll(/(?<!\\)\|/g)].length;
  const column = bars - (lines[line].trimStart().startsWith("|") ? 1 : 0);
  return { row: line < 2 ? 0 : line - 1, column: Math.min(Math.max(column, 0), cells(lines[0]).length - 1) };
}

export function empty(rows, columns) {
  return { rows: Array.from({ length: rows }, () => Array(columns).fill("")), aligns: Array(columns).fill("") };
}

const moved = (list, from, to) => {
  const copy = [...list];
  copy.splice(to, 0, ...copy.splice(from, 1));
  return copy;
};
const without = (list, at) => list.filter((_, index) => index !== at);
const added = (list, at, one) => [...list.slice(0, at), one, ...list.slice(at)];

/** Each takes a table, a row and a column, and returns the new table, row and column; null where it cannot be done. */
export const changes = {
  addRow: ({ rows, aligns }, row, column) => ({ table: { rows: added(rows, row + 1, Array(aligns.length).fill("")), aligns }, row: row + 1, column }),
  deleteRow: ({ rows, aligns }, row, column) => (row ? { table: { rows: without(rows, row), aligns }, row: Math.min(row, rows.length - 2), column } : null),
  rowUp: ({ rows, aligns }, row, column) => (row > 1 ? { table: { rows: moved(rows, row, row - 1), aligns }, row: row - 1, column } : null),
  rowDown: ({ rows, aligns }, row, column) => (row && row < rows.length - 1 ? { table: { rows: moved(rows, row, row + 1), aligns }, row: row + 1, column } : null),
  addColumn: ({ rows, aligns }, row, column) => ({ table: { rows: rows.map((one) => added(one, column + 1, "")), aligns: added(aligns, column + 1, "") }, row, column: column + 1 }),
  deleteColumn: ({ rows, aligns }, row, column) => (aligns.length > 1 ? { table: { rows: rows.map((one) => without(one, column)), aligns: without(aligns, column) }, row, column: Math.min(column, aligns.length - 2) } : null),
  columnLeft: ({ rows, aligns }, row, column) => (column ? { table: { rows: rows.map((one) => moved(one, column, column - 1)), aligns: moved(aligns, column, column - 1) }, row, column: column - 1 } : null),
  columnRight: ({ rows, aligns }, row, column) => (column < aligns.length - 1 ? { table: { rows: rows.map((one) => moved(one, column, column + 1)), aligns: moved(aligns, column, column + 1) }, row, column: column + 1 } : null),
  align: ({ rows, aligns }, row, column) => ({ table: { rows, aligns: aligns.map((one, at) => (at === column ? ALIGNS[(ALIGNS.indexOf(one) + 1) % 4] : one)) }, row, column }),
};
