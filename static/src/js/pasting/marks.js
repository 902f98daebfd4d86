// What tags and styles say about the look of words, as far as Markdown can say it.
import { destination } from "./addresses.js";
import { styles } from "./source.js";

const BOLD = new Set(["B", "STRONG"]);
const ITALIC = new Set(["I", "EM", "CITE", "DFN", "VAR"]);
const STRUCK = new Set(["S", "STRIKE", "DEL"]);
const CODE = new Set(["CODE", "KBD", "SAMP", "TT"]);
const MONOSPACED = /^\s*["']?(?:courier|consolas|menlo|monaco|monospace|ui-monospace|sf ?mono|jetbrains|fira (?:code|mono)|roboto mono|source code|cascadia|lucida console|dejavu sans mono|liberation mono|ubuntu mono|droid sans mono|ibm plex mono)/i;
const ORDER = ["a", "strong", "em", "del", "code"];

/** Whether a list of font families begins with one whose letters all have the same width. */
export function isMonospaced(families) {
  return MONOSPACED.test(families);
}

/** The value that an element's own style gives a property; "" if none. */
export function styleOf(element, property) {
  const style = styles(element);
  if (!style) return "";
  const match = new RegExp(`(?:^|;)\\s*${property}\\s*:([^;]*)`, "i").exec(style);
  return match ? match[1].trim().toLowerCase() : "";
}

/** The marks of words in an element whose parent has `marks`. */
export function marksIn(element, marks) {
  const { tagName: tag } = element;
  const found = { ...marks };
  const weight = styleOf(element, "font-weight");
  if (weight) found.strong = weight.startsWith("bold") || Number.parseInt(weight, 10) >= 600;
  else if (BOLD.has(tag)) found.strong = true;
  const slant = styleOf(element, "font-style");
  if (slant) found.em = slant === "italic" || slant === "oblique";
  else if (ITALIC.has(tag)) found.em = true;
  if (STRUCK.has(tag) || /line-through/.test(styleOf(element, "text-decoration(?:-line)?"))) found.del = true;
  if (CODE.has(tag) || isMonospaced(styleOf(element, "font-family"))) found.code = true;
  if (tag === "A" && element.hasAttribute("href")) found.a = destination(element.getAttribute("href"));
  return found;
}

/** The marks that are set, outermost first, as pairs of a tag and the address of a link. */
export function nesting(marks) {
  return ORDER.filter((tag) => marks[tag]).map((tag) => [tag, tag === "a" ? marks.a : ""]);
}
