// Keys. Any link or button says which key presses it with data-key; `g` begins a jump. Single keys can
// be switched off in the help (`?`): speech input and slips of the hand would press them unasked.
import { read, write } from "./storage.js";

const JUMPS = { h: "/", c: "/-/changes" };
const help = document.getElementById("keys");
let jumping = false;

const single = help?.querySelector("[name=single-keys]");
if (single) {
  single.checked = read("keys") !== "off";
  single.addEventListener("change", () => write("keys", single.checked ? "on" : "off"));
}

/** True where keys are text: fields, and the editor, which lies in a shadow root. */
export function typing(event) {
  const target = event.composedPath()[0];
  return target.isContentEditable || target.closest?.("input, textarea, select") !== null;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.repeat) return;
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event)) return;
  if (document.querySelector("dialog[open]") || read("keys") === "off") return;
  if (jumping) {
    jumping = false;
    if (JUMPS[event.key]) {
      event.preventDefault();
      location.assign(JUMPS[event.key]);
    }
    return;
  }
  if (event.key === "g") {
    jumping = true;
    setTimeout(() => { jumping = false; }, 1500);
  } else if (event.key === "?") {
    event.preventDefault();
    help?.showModal();
  } else if (/^[a-z]$/.test(event.key)) {
    const verb = document.querySelector(`[data-key="${event.key}"]`);
    if (!verb) return;
    event.preventDefault();
    verb.click();
  }
});
