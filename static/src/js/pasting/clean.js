// The HTML of a clipboard as a small tree of what Markdown knows: paragraphs, headings, lists, quotes, code, tables,
// and words with marks. Wrappers, styles, scripts and pictures that cannot be shown are left out.
import { destination } from "./addresses.js";
import { marksIn, nesting, styleOf } from "./marks.js";
import { styles } from "./source.js";

const MOST_NODES = 60_000;
const DEEPEST = 10; // lists and quotes within each other
const WIDEST = 100; // columns of a table
const LEFT_OUT = new Set(["SCRIPT", "STYLE", "XMP", "HEAD", "TITLE", "META", "LINK", "NOSCRIPT", "TEMPLATE", "IFRAME", "OBJECT", "EMBED", "SVG", "MATH", "CANVAS", "VIDEO", "AUDIO", "BUTTON", "SELECT", "TEXTAREA", "COL", "COLGROUP"]);
const BLOCKS = new Set(["P", "DIV", "SECTION", "ARTICLE", "ASIDE", "HEADER", "FOOTER", "MAIN", "NAV", "ADDRESS", "FIGURE", "FIGCAPTION", "DL", "DT", "DD", "DETAILS", "SUMMARY", "FORM", "FIELDSET", "TABLE", "THEAD", "TBODY", "TFOOT", "TR", "TD", "TH", "CAPTION", "UL", "OL", "LI", "BLOCKQUOTE", "PRE", "H1", "H2", "H3", "H4", "H5", "H6", "BODY", "CENTER"]);
const WORD_ITEM = /mso-list:\s*l\d+\s+level(\d+)/i;
const WORD_MARKER = /mso-list:\s*ignore/i;
const ORDERED = /^\s*\(?(\d{1,9}|[a-z]{1,4})[.)]/i;

/** Thrown for more nodes than can be converted without making anybody wait. */
export class TooLarge extends Error {}

export class Cleaner {
  constructor() {
    this.document = document.implementation.createHTMLDocument();
    this.tables = []; // rows of cells, for each <hr data-table> in the tree
    this.paragraphs = 0;
    this.count = 0;
    this.close();
  }

  /** @returns {HTMLElement} the tree of what is in the body of a document */
  clean(body) {
    const root = this.document.createElement("div");
    this.children(body, { into: root, leaf: "p", marks: {}, depth: 0, cell: false });
    return root;
  }

  make(tag, into) {
    return into.appendChild(this.document.createElement(tag));
  }

  /** The next words begin a paragraph of their own. */
  close() {
    this.open = null;
    this.chain = [];
  }

  children(node, context) {
    for (let child = node.firstChild; child; child = child.nextSibling) this.node(child, context);
  }

  node(node, context) {
    if ((this.count += 1) > MOST_NODES) throw new TooLarge();
    if (node.nodeType === Node.TEXT_NODE) this.words(node.data.replace(/[\s\u00a0]+/g, " "), context);
    else if (node.nodeType === Node.ELEMENT_NODE && !hidden(node)) this.element(node, context);
  }

  /** The element that takes words at this place, begun where there is none. */
  leaf({ into, leaf }) {
    if (this.open && (this.open === into || this.open.parentNode === into)) return this.open;
    this.chain = [];
    const itself = /^(?:LI|TD)$/.test(into.tagName) && !begun(into);
    if (leaf === "p") this.paragraphs += 1;
    this.open = itself ? into : this.make(leaf, into);
    return this.open;
  }

  words(text, context) {
    if (!text.trim() && !(this.open && this.open.hasChildNodes())) return;
    const leaf = this.leaf(context);
    const marks = leaf.tagName.startsWith("H") ? { ...context.marks, strong: false } : context.marks;
    const wanted = text.trim() ? nesting(marks) : this.chain.map(([tag, address]) => [tag, address]);
    let shared = 0;
    while (shared < wanted.length && shared < this.chain.length && wanted[shared].every((part, at) => part === this.chain[shared][at])) shared += 1;
    this.chain.length = shared;
    let end = shared ? this.chain[shared - 1][2] : leaf;
    for (const [tag, address] of wanted.slice(shared)) {
      end = this.make(tag, end);
      if (address) end.setAttribute("href", address);
      this.chain.push([tag, address, end]);
    }
    if (end.lastChild?.nodeType === Node.TEXT_NODE) end.lastChild.data += text;
    else end.append(text);
  }

  element(node, context) {
    const { tagName: tag } = node;
    if (tag === "BR") this.lineBreak(context);
    else if (tag === "IMG") this.picture(node, context);
    else if (tag === "INPUT") this.box(node.type === "checkbox", node.checked, context);
    else if (tag === "HR") this.rule(context);
    else if (!BLOCKS.has(tag)) this.children(node, { ...context, marks: marksIn(node, context.marks) });
    else {
      this.close();
      this.block(node, { ...context, marks: marksIn(node, context.marks) });
      this.close();
    }
  }

  block(node, context) {
    const { tagName: tag } = node;
    const level = wordLevel(node);
    if (context.cell) this.children(node, context);
    else if (level && context.depth < DEEPEST) this.wordItem(node, level, context);
    else if (/^H[1-6]$/.test(tag) && context.into.tagName !== "LI") this.children(node, { ...context, leaf: tag });
    else if (/\bMsoTitle\b/.test(node.className)) this.children(node, { ...context, leaf: "h1" });
    else if (tag === "PRE") this.code(node, context);
    else if (tag === "TABLE") this.table(node, context);
    else if (context.depth >= DEEPEST) this.children(node, context);
    else if (tag === "UL" || tag === "OL") this.list(node, context);
    else if (tag === "LI") this.item(node, this.listIn(context.into, "UL"), context);
    else if (tag === "BLOCKQUOTE") this.children(node, { ...context, into: this.make("blockquote", context.into), depth: context.depth + 1 });
    else if (tag === "DT") this.children(node, { ...context, marks: { ...context.marks, strong: true } });
    else this.children(node, context);
  }

  lineBreak(context) {
    if (!this.open?.hasChildNodes()) return;
    if (this.open.lastChild.nodeName === "BR") {
      this.open.lastChild.remove(); // two of them are what people use between paragraphs
      this.close();
      return;
    }
    this.chain = [];
    this.make("br", this.leaf(context));
  }

  rule(context) {
    this.close();
    if (!context.cell) this.make("hr", context.into);
  }

  box(wanted, ticked, context) {
    if (!wanted || context.into.tagName !== "LI" || this.open?.hasChildNodes()) return;
    const box = this.make("input", this.leaf(context));
    box.type = "checkbox";
    box.toggleAttribute("checked", ticked);
  }

  picture(node, context) {
    const words = (node.getAttribute("alt") ?? "").replace(/\s+/g, " ").trim();
    if (/emoji/i.test(node.className)) {
      this.words(words, context);
      return;
    }
    const address = destination(node.getAttribute("src") ?? "");
    const small = ["width", "height"].some((side) => Number.parseFloat(node.getAttribute(side) ?? styleOf(node, side)) <= 3);
    if (!address || small || address.startsWith("mailto:")) return;
    const leaf = this.leaf(context);
    this.chain = [];
    const around = context.marks.a ? this.make("a", leaf) : leaf;
    if (context.marks.a) around.setAttribute("href", context.marks.a);
    const picture = this.make("img", around);
    picture.setAttribute("src", address);
    picture.alt = words;
  }

  code(node, { into }) {
    const text = codeText(node).replace(/^\n|\n$/g, "");
    if (!text.trim()) return;
    const named = [node, node.firstElementChild, node.parentElement].map((each) => each?.className ?? "").join(" ");
    const language = /\b(?:language-|lang-|highlight-source-|brush: ?)([\w+#-]{1,20})/.exec(named)?.[1];
    const code = this.make("code", this.make("pre", into));
    if (language) code.className = `language-${language}`;
    code.textContent = text;
  }

  /** The list at the end of `into`, begun where there is none. */
  listIn(into, tag, start = "") {
    const last = into.lastChild;
    if (last?.nodeName === tag) return last;
    const list = this.make(tag, into);
    if (start && start !== "1") list.setAttribute("start", start);
    return list;
  }

  list(node, context) {
    const { into } = context;
    const start = /^\d{1,9}$/.exec(node.getAttribute("start") ?? "")?.[0];
    // In Google Docs a nested list stands between items instead of in one.
    const inside = /^[UO]L$/.test(into.tagName) ? into.lastElementChild ?? this.make("li", into) : into;
    const list = this.make(node.tagName, inside);
    if (start && start !== "1") list.setAttribute("start", start);
    for (const child of node.childNodes) {
      if (child.tagName === "LI" && !hidden(child)) this.item(child, list, context);
      else this.node(child, { ...context, into: /^[UO]L$/.test(child.nodeName) ? list : inside, depth: context.depth + 1 });
    }
    if (!list.hasChildNodes()) list.remove();
  }

  item(node, list, context) {
    if ((this.count += 1) > MOST_NODES) throw new TooLarge();
    const item = this.make("li", list);
    const inside = { ...context, leaf: "p", into: item, depth: context.depth + 1, marks: marksIn(node, context.marks) };
    this.close();
    const ticked = node.getAttribute("aria-checked");
    if (ticked !== null) this.box(true, ticked === "true", inside);
    if (ticked !== null) this.words(" ", inside);
    this.children(node, inside);
    this.close();
    if (!item.hasChildNodes()) item.remove();
  }

  /** Word has paragraphs for items, with their level and their marker, instead of lists. */
  wordItem(node, level, context) {
    const marker = [...node.querySelectorAll("[data-style]")].find((each) => WORD_MARKER.test(styles(each)));
    const number = ORDERED.exec(marker?.textContent ?? "")?.[1];
    const kind = number || node.parentElement?.tagName === "OL" ? "OL" : "UL";
    let { into } = context;
    for (let step = 1; step < Math.min(level, DEEPEST); step += 1) {
      const last = into.lastElementChild;
      if (!/^[UO]L$/.test(last?.tagName ?? "")) break;
      into = last.lastElementChild;
    }
    this.item(node, this.listIn(into, kind, /^\d+$/.test(number ?? "") ? number : ""), context);
  }

  table(node, context) {
    const rows = [...node.rows].filter((row) => !hidden(row));
    const layout = node.querySelector("table") || !rows.some((row) => row.cells.length > 1) && rows.length < 2;
    if (layout || rows.length === 0) {
      this.children(node, context);
      return;
    }
    if (node.caption) this.children(node.caption, context);
    this.close();
    const written = [];
    const reserved = []; // rows that cells of rows above still cover, by column
    for (const row of rows) written.push(this.row(row, reserved, context));
    const width = Math.max(...written.map((cells) => cells.findLastIndex((cell) => cell?.hasChildNodes()) + 1));
    const filled = written.map((cells) => cells.slice(0, width)).filter((cells) => cells.some((cell) => cell?.hasChildNodes()));
    if (!filled.length) return;
    this.make("hr", context.into).dataset.table = String(this.tables.push(filled) - 1);
  }

  row(row, reserved, context) {
    const cells = [];
    for (const cell of row.cells) {
      while (reserved[cells.length] > 0) reserved[cells.length] -= 1, cells.push(null);
      if (cells.length >= WIDEST) break;
      const written = this.document.createElement("td");
      this.close();
      const marks = { ...marksIn(cell, {}), ...(cell.tagName === "TH" ? { strong: false } : {}) };
      this.children(cell, { ...context, into: written, leaf: "p", cell: true, marks });
      for (let at = 0; at < Math.min(cell.colSpan, WIDEST - cells.length); at += 1) reserved[cells.length + at] = cell.rowSpan - 1;
      const span = Math.min(cell.colSpan, WIDEST - cells.length);
      cells.push(written, ...Array(span - 1).fill(null));
    }
    while (reserved[cells.length] > 0 && cells.length < WIDEST) reserved[cells.length] -= 1, cells.push(null);
    this.close();
    return cells;
  }
}

function hidden(element) {
  return LEFT_OUT.has(element.tagName.toUpperCase()) || element.hidden || element.getAttribute("aria-hidden") === "true"
    || styleOf(element, "display") === "none" || WORD_MARKER.test(styles(element));
}

/** Whether an item or a cell has more than a box to tick. */
function begun(element) {
  for (const child of element.childNodes) {
    if (child.nodeName !== "INPUT" && (child.nodeType === Node.ELEMENT_NODE || child.data.trim())) return true;
  }
  return false;
}

/** The level that Word gives an item of a list; 0 for all else. */
function wordLevel(element) {
  const inWeb = element.tagName === "LI" ? element.getAttribute("data-aria-level") : null;
  return Number(inWeb ?? WORD_ITEM.exec(styles(element))?.[1] ?? 0) || 0;
}

/** The text of preformatted code, with the line breaks that its elements stand for. */
function codeText(node) {
  let text = "";
  for (const child of node.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) text += child.data;
    else if (child.nodeName === "BR") text += "\n";
    else if (child.nodeType === Node.ELEMENT_NODE && !hidden(child)) {
      if (BLOCKS.has(child.tagName) && text && !text.endsWith("\n")) text += "\n";
      text += codeText(child);
    }
  }
  return text.replaceAll("\u00a0", " ");
}
