// A strip of tabs that is wider than the screen shows the current one.
export function showCurrentTabs(root) {
  for (const current of root.querySelectorAll(".tabs > [aria-current]")) {
    const strip = current.parentElement;
    const [tab, frame] = [current, strip].map((each) => each.getBoundingClientRect());
    strip.scrollLeft += tab.left + tab.width / 2 - frame.left - frame.width / 2;
  }
}

showCurrentTabs(document);
