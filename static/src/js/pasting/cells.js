// Cells of spreadsheets as Markdown tables.

const MOST_CELLS = 50_000;

/**
 * A Markdown table. Its first row is the header, because Markdown has no table without one.
 * @param {string[][]} rows cells as inline Markdown
 */
export function writeTable(rows) {
  const width = Math.max(...rows.map((row) => row.length));
  const line = (cells) => `| ${Array.from({ length: width }, (_, at) => cells[at] ?? "").join(" | ")} |`;
  const [head, ...body] = rows;
  return [line(head), line(Array(width).fill("---")), ...body.map(line)].join("\n");
}

/** Inline Markdown as the content of a cell: in one line, and without a bar that would end it. */
export function cell(markdown) {
  return markdown.trim().replace(/\|/g, "\\|").replace(/(?:\\|[ \t]+)?\s*\n\s*/g, "<br>");
}

/**
 * The cells of tab-separated text as spreadsheets copy it, with quotes around cells that have tabs, quotes or line
 * breaks; null for text that is no table of at least two rows and two columns.
 */
export function splitCells(text) {
  if (!text.includes("\t") || !text.includes("\n")) return null;
  const rows = [[]];
  const pattern = /(?:"((?:[^"]|"")*)"(?=[\t\r\n]|$)|([^\t\r\n]*))(\t|\r?\n|\r|$)/y;
  const end = text.trimEnd().length;
  let count = 0;
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text);
    if (!match || (count += 1) > MOST_CELLS) return null;
    rows.at(-1).push(match[1]?.replaceAll('""', '"') ?? match[2]);
    if (match[3] === "\t" && pattern.lastIndex === text.length) rows.at(-1).push("");
    if (match[3] !== "\t" && pattern.lastIndex < end) rows.push([]);
    else if (match[3] !== "\t") break;
  }
  const [{ length: width }] = rows;
  const table = rows.length > 1 && width > 1 && rows.every((row) => row.length === width);
  const indented = rows.every(([first]) => !first.trim()); // code, for example
  return table && !indented ? rows : null;
}
