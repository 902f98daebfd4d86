// The HTML of a clipboard as a document that does nothing.

const OPEN_ENDED = /^(?:area|base|body|br|col|dd|dt|head|hr|html|img|input|li|link|meta|option|p|source|t(?:body|d|foot|h|head|r)|wbr)$/i;
const DEEPEST = 1000;

/** Whether more elements stand within each other than in any real page: browsers take seconds to parse them. */
export function isTooDeep(html) {
  let depth = 0;
  for (const [, closing, name] of html.matchAll(/<(\/?)([a-z]\w*)/gi)) {
    if (OPEN_ENDED.test(name)) continue;
    depth = Math.max(0, depth + (closing ? -1 : 1));
    if (depth > DEEPEST) return true;
  }
  return false;
}

/**
 * Styles and event handlers are renamed before the HTML is parsed (data-style, and <xmp>, whose content is text too), because the
 * content security policy applies to such a document and reports each of them as a violation.
 * @returns {Document}
 */
export function parse(html) {
  const renamed = html
    .replace(/<(\/?)style(?=[\s>])/gi, "<$1xmp")
    .replace(/<base(?=[\s>])/gi, "<wbr")
    .replace(/<[a-z][^<>]*/gi, (tag) => tag.replace(/(["'\s/])(style|on[a-z]+)(?=\s*=)/gi, "$1data-$2"));
  return new DOMParser().parseFromString(renamed, "text/html");
}

/** The declarations in the style attribute of an element of such a document. */
export function styles(element) {
  return element.getAttribute("data-style") ?? "";
}
