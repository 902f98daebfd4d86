// Decides, for every shortcut, whether an event of the keyboard presses it, whatever the layout.
//
// A shortcut is a character ("e", "/"), or "Mod-" and a character or a named key ("Mod-k", "Mod-Enter"); Mod
// is Ctrl, on a Mac ⌘. What counts is the character that the layout gives. Where that is of a script without
// Latin letters, the place of the key counts, as it is on a US keyboard: "у" on the key of "e" presses "e". On
// a layout with Latin letters the place never counts, because the letter is on another key.

const mac = /Mac|iP/.test(navigator.platform);
const PLACES = { "/": "Slash", "?": "Slash" };
const LATIN = /^[\p{ASCII}\p{Script=Latin}]/u;
const LETTER = /^[a-z]$/;

/** True while an input method or a dead key composes a character, and for what fills in a form without a key. */
export function composing(event) {
  return !event.key || event.isComposing || event.keyCode === 229 || event.key === "Dead" || event.key === "Process";
}

/** True if AltGr gives the character: on Windows it counts as Ctrl and Alt, on a Mac it is Option. */
function typedByAltGr(event) {
  return event.getModifierState("AltGraph") || (event.ctrlKey && event.altKey) || (mac && event.altKey);
}

/** Whether the event gives that character, or is on its place where the layout has no Latin letters. */
function gives(event, character) {
  if (event.key.toLowerCase() === character.toLowerCase()) return true;
  if (LATIN.test(event.key) || typedByAltGr(event)) return false;
  const place = PLACES[character] ?? `Key${character.toUpperCase()}`;
  return event.code === place && (LETTER.test(character) || event.shiftKey === (character === "?"));
}

/**
 * @param {KeyboardEvent} event
 * @param {string} shortcut such as "e", "/" or "Mod-k"
 * @returns {boolean} whether the event presses it
 */
export function pressed(event, shortcut) {
  if (composing(event)) return false;
  const character = shortcut.replace("Mod-", "");
  if (character !== shortcut) {
    const command = mac ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey;
    return command && !event.altKey && !typedByAltGr(event) && !event.shiftKey && gives(event, character);
  }
  const byAltGr = typedByAltGr(event);
  if (event.metaKey || (!byAltGr && (event.ctrlKey || event.altKey))) return false;
  if (LETTER.test(character) && (byAltGr || event.shiftKey)) return false;
  return gives(event, character);
}
