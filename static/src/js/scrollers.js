// Code and tables wider than the column scroll inside themselves: the keyboard must reach them.

/** Let the keyboard reach what scrolls inside the pages below `root`. */
export function makeReachable(root) {
  for (const block of root.querySelectorAll(".prose :is(pre, table, .scroll)")) {
    if (block.scrollWidth > block.clientWidth && !block.closest("[tabindex='0']")) block.tabIndex = 0;
  }
}
