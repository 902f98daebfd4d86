// Text with a backslash before what Markdown would read as its own signs, and no more of them than needed.

const ANYWHERE = /[\\`*[\]]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])|<(?=[A-Za-z/!?])|&(?=#?\w{1,31};)/gu;
const AT_START = /^(\s*)([-+](?=\s|$)|--|=+\s*$|>|#{1,6}(?=\s|$)|[:~](?=\s)|!!!|\?\?\?)/;
const NUMBER = /^(\s*\d{1,9})([.)])(?=\s|$)/;

/**
 * Text as Markdown that reads as that text.
 * @param {string} text
 * @param {boolean} tildes whether a tilde may meet another one, and strike out what is between them
 */
export function escapeText(text, tildes) {
  let escaped = text.replace(ANYWHERE, "\\$&");
  if (tildes) escaped = escaped.replaceAll("~", "\\~");
  return escaped.replace(AT_START, "$1\\$2").replace(NUMBER, "$1\\$2");
}

/** Whether a tilde in this text may meet another one. */
export function hasTildes(text) {
  return text.indexOf("~") !== text.lastIndexOf("~");
}
