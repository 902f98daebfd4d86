// Addresses as the destinations of Markdown links.

const WEB = /^(?:https?:\/\/[^\s/]|mailto:[^\s@]+@)[^\s]*$/i;
const LONGEST = 4000;
const ENCODED = { "<": "%3C", ">": "%3E", "|": "%7C", "\\": "%5C", "(": "%28", ")": "%29" };

/** Whether the whole text is the address of a page or a mailbox. */
export function isAddress(text) {
  return text.length <= LONGEST && WEB.test(text);
}

/** Whether each closing bracket of the address has an opening one before it, and none stays open. */
function balanced(address) {
  let open = 0;
  for (const character of address) {
    if (character === "(") open += 1;
    if (character === ")") open -= 1;
    if (open < 0) return false;
  }
  return open === 0;
}

/**
 * An address as it can stand between the brackets of a link; "" for one that must not be a link.
 * Addresses of this wiki become paths, which stay right when the wiki moves.
 */
export function destination(address) {
  let url;
  try {
    url = new URL(address.trim());
  } catch {
    return "";
  }
  const redirected = url.hostname === "www.google.com" && url.pathname === "/url" && url.searchParams.get("q");
  if (redirected && isAddress(redirected)) url = new URL(redirected);
  if (!["http:", "https:", "mailto:"].includes(url.protocol) || url.href.length > LONGEST) return "";
  const own = url.origin === location.origin;
  const written = own ? url.pathname + url.search + url.hash : redirected || address.trim();
  const pattern = balanced(written) ? /[<>|\\]/g : /[<>|\\()]/g;
  return written.replace(/\s/g, "%20").replace(pattern, (sign) => ENCODED[sign]);
}
