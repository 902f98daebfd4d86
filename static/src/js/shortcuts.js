// Keys. Any link or button says which key presses it with data-key; `g` begins a jump. Single keys can
// be switched off in the help (`?`): speech input and slips of the hand would press them unasked.
import { composing, pressed } from "./keys.js";
import { read, write } from "./storage.js";

const JUMPS = { h: "/", c: "/-/changes", i: "/-/inbox" };
const MODIFIERS = new Set(["Shift", "Control", "Alt", "AltGraph", "Meta", "CapsLock"]);
const help = document.getElementById("keys");
let jumping = false;

const single = help?.querySelector("[name=single-keys]");
if (single) {
  single.checked = read("keys") !== "off";
  single.addEventListener("change", () => write("keys", single.checked ? "on" : "off"));
}

/** True where keys are text: fields, and the editor, which lies in a shadow root. A field of a dialog that
 *  was just closed keeps the focus until the next frame, and is none any more. */
function typing(event) {
  const target = event.composedPath()[0];
  const field = target.closest?.("input, textarea, select");
  return target.isContentEditable || (field ? field.getClientRects().length > 0 : field !== null);
}

/** Whether a single key does anything here: not in text, not over a dialog, and nowhere on a screen with
 *  work that is not saved yet, where a letter that misses the text would leave it. */
function singleKeysAct(event) {
  return !event.defaultPrevented && !event.repeat && !typing(event) && read("keys") !== "off"
    && !document.querySelector("dialog[open], form[data-editor], form[data-decides]");
}

/** Whether the event presses that single key, where single keys act. */
export function pressedAlone(event, key) {
  return pressed(event, key) && singleKeysAct(event);
}

document.addEventListener("keydown", (event) => {
  if (MODIFIERS.has(event.key) || composing(event)) return;
  const presses = (key) => pressedAlone(event, key);
  if (jumping) {
    jumping = false;
    const key = Object.keys(JUMPS).find(presses);
    if (key) {
      event.preventDefault();
      location.assign(JUMPS[key]);
    }
  } else if (presses("g")) {
    jumping = true;
    setTimeout(() => { jumping = false; }, 1500);
  } else if (presses("?")) {
    event.preventDefault();
    help?.showModal();
  } else {
    const verb = [...document.querySelectorAll("[data-key]")].find(({ dataset }) => presses(dataset.key));
    if (!verb) return;
    event.preventDefault();
    verb.click();
  }
});
