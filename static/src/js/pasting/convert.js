// What a clipboard has, as Markdown: HTML of pages and word processors, cells of spreadsheets.
import Turndown from "turndown";
import { cell, splitCells, writeTable } from "./cells.js";
import { Cleaner, TooLarge } from "./clean.js";
import { escapeText, hasTildes } from "./escape.js";
import { isMonospaced, styleOf } from "./marks.js";
import { isTooDeep, parse } from "./source.js";

const LONGEST = 4_000_000; // characters of HTML
const STRUCTURE = "h1, h2, h3, h4, h5, h6, ul, ol, blockquote, pre, hr, a, strong, em, del, code, img";
const PLAIN_TAGS = new Set(["META", "DIV", "SPAN", "PRE", "BR", "FONT", "B", "I"]);
const MONOSPACED_STYLES = /(?:Menlo|Monaco|SF ?Mono|SFMono|Courier|Consolas)/;

/**
 * @param {{html: string, text: string}} copied
 * @returns {{markdown: string, block: boolean} | null} Markdown, and whether it needs lines of its own; null for what
 *   is better pasted as the text it is: code, words without any structure, and what is too large
 */
export function convert({ html, text }) {
  try {
    const found = html && fromHtml(html);
    if (found) return found;
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error;
    return null;
  }
  const rows = splitCells(text);
  if (!rows) return null;
  const tildes = hasTildes(text);
  return { markdown: writeTable(rows.map((row) => row.map((words) => cell(escapeText(words, tildes))))), block: true };
}

/** Whether the HTML is code with colours, as editors copy it: nothing but styled lines in letters of one width. */
function isCode(html, body) {
  if (/Cocoa HTML Writer/.test(html) && MONOSPACED_STYLES.test(html)) return true;
  const all = [...body.querySelectorAll("*")].filter(({ tagName }) => tagName !== "XMP");
  if (!all.every(({ tagName }) => PLAIN_TAGS.has(tagName))) return false;
  return all.some((each) => each.tagName === "PRE" || isMonospaced(styleOf(each, "font-family")));
}

function fromHtml(html) {
  if (html.length > LONGEST || isTooDeep(html)) throw new TooLarge();
  const { body } = parse(html);
  if (isCode(html, body)) return null;
  const cleaner = new Cleaner();
  const root = cleaner.clean(body);
  if (!root.querySelector(STRUCTURE) && !(cleaner.paragraphs > 1 && /<p[\s>]/i.test(html))) return null;
  const texts = [root, ...cleaner.tables.flat(2)].map((each) => each?.textContent ?? "").join("");
  const struck = root.querySelector("del") || cleaner.tables.flat(2).some((each) => each?.querySelector("del"));
  const service = converter(cleaner.tables, Boolean(struck) || hasTildes(texts));
  // Each block alone: the time is then in proportion to their number.
  const blocks = [...root.childNodes].map((block) => {
    const alone = cleaner.document.createElement("div");
    alone.append(block);
    return service.turndown(alone);
  });
  const markdown = blocks.filter((block) => block.trim()).join("\n\n");
  const only = blocks.length === 1 && !/^(?:[#>]|- |\d+\. |\||`{3}|---$)/.test(markdown);
  return markdown ? { markdown, block: !only } : null;
}

/** Turndown with the rules of this wiki's Markdown. */
function converter(tables, tildes) {
  const service = new Turndown({ hr: "---", bulletListMarker: "-", codeBlockStyle: "fenced", br: "\\" });
  const numbers = new WeakMap(); // of the next item, by list
  service.escape = (text) => escapeText(text, tildes);
  for (const [tag, mark] of [["strong", "**"], ["em", "*"], ["del", "~~"]]) {
    service.addRule(tag, { filter: tag, replacement: (content, node) => writeMarked(content, node, mark) });
  }
  service.addRule("heading", { filter: ["h1", "h2", "h3", "h4", "h5", "h6"], replacement: writeHeading });
  service.addRule("box", { filter: "input", replacement: (_content, node) => (node.hasAttribute("checked") ? "[x]" : "[ ]") });
  service.addRule("item", { filter: "li", replacement: (content, node) => writeItem(content, node, numbers) });
  service.addRule("link", { filter: "a", replacement: writeLink });
  service.addRule("picture", { filter: "img", replacement: (_content, node) => `![${service.escape(node.alt)}](${node.getAttribute("src")})` });
  service.addRule("table", {
    filter: (node) => node.nodeName === "HR" && node.hasAttribute("data-table"),
    replacement: (_content, node) => `\n\n${writeTable(tables[node.dataset.table].map((row) => row.map((each) => writeCell(each, service))))}\n\n`,
  });
  return service;
}

function writeCell(element, service) {
  if (!element?.firstChild) return "";
  const simple = !element.firstElementChild; // nearly every cell of a large table
  return cell(simple ? service.escape(element.textContent.replace(/\s+/g, " ").trim()) : service.turndown(element));
}

/** Words within marks. Signs at their edge stand outside where a letter follows: `**a:**b` would not be bold. */
function writeMarked(content, node, mark) {
  if (!content.trim()) return "";
  const { previousSibling: before, nextSibling: after, firstChild: first, lastChild: last } = node;
  const leading = /[\p{L}\p{N}]$/u.test(before?.data ?? "") && first.nodeType === Node.TEXT_NODE;
  const trailing = /^[\p{L}\p{N}]/u.test(after?.data ?? "") && last.nodeType === Node.TEXT_NODE;
  const begin = leading ? /^[\p{P}\p{S}]*/u.exec(content)[0].length : 0;
  const end = trailing ? content.length - /[\p{P}\p{S}]*$/u.exec(content)[0].length : content.length;
  if (begin >= end) return `${mark}${content}${mark}`;
  return `${content.slice(0, begin)}${mark}${content.slice(begin, end)}${mark}${content.slice(end)}`;
}

function writeHeading(content, node) {
  const words = content.trim().replace(/\\?\s*\n\s*/g, " ").replace(/(^|\s)(#+)$/, "$1\\$2"); // closing signs are left out
  return words && `\n\n${"#".repeat(Number(node.nodeName[1]))} ${words}\n\n`;
}

function writeItem(content, node, numbers) {
  const list = node.parentNode;
  const number = numbers.get(list) ?? Number(list.getAttribute("start") || 1);
  numbers.set(list, number + 1);
  const marker = list.nodeName === "OL" ? `${number}. ` : "- ";
  const lines = content.replace(/^\n+|\n+$/g, "").replace(/\n(?!\n|$)/g, `\n${" ".repeat(marker.length)}`);
  return `${marker}${lines}${node.nextSibling ? "\n" : ""}`;
}

function writeLink(content, node) {
  const address = node.getAttribute("href");
  if (!content.trim()) return "";
  const bare = /^https?:\/\/[\w./?=&%#+-]*[\w/]$/.test(address) && node.textContent === address;
  return bare ? address : `[${content}](${address})`;
}
