// Buttons above the text for those who do not know Markdown by heart.
import { openBlocks } from "./blocks.js";
import { formats } from "./formats.js";
import { insertImage, insertLink, insertTable } from "./tools.js";

const TOOLS = { ...formats, blocks: openBlocks, link: insertLink, image: insertImage, table: insertTable };
const STEP = { ArrowRight: 1, ArrowLeft: -1 };

export function startToolbar(form, view) {
  for (const button of form.querySelectorAll("[data-format]")) {
    button.addEventListener("click", () => TOOLS[button.dataset.format]?.(view));
  }
  for (const bar of form.querySelectorAll('[role="toolbar"]')) oneStop(bar);
}

/** Make the buttons of a bar one stop of the Tab key; arrow keys, Home and End go from one to another. */
function oneStop(bar) {
  const shown = () => [...bar.querySelectorAll("button")].filter((button) => button.checkVisibility());
  const stopAt = (chosen) => {
    for (const button of bar.querySelectorAll("button")) button.tabIndex = button === chosen ? 0 : -1;
  };
  const keepStop = () => {
    const buttons = shown();
    if (!buttons.some((button) => button.tabIndex === 0)) stopAt(buttons[0]);
  };
  stopAt(bar.querySelector('[aria-pressed="true"]') ?? shown()[0]);
  new ResizeObserver(keepStop).observe(bar);
  bar.addEventListener("focusin", (event) => stopAt(event.target));
  bar.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const buttons = shown();
    const step = (STEP[event.key] ?? 0) * (getComputedStyle(bar).direction === "rtl" ? -1 : 1);
    let next = { Home: 0, End: -1 }[event.key];
    if (step) next = (buttons.indexOf(event.target) + step) % buttons.length;
    if (next === undefined) return;
    event.preventDefault();
    buttons.at(next).focus();
  });
}
