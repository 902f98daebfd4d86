// Text and preview beside each other show the same place: the one that is scrolled leads, the other follows.
// The server gives each block of the preview the number of its line (data-line).

const LEADS = ["wheel", "pointerdown", "touchstart", "keydown"];

/**
 * @param {HTMLElement} pane the preview, which scrolls
 * @param {() => boolean} beside whether both are shown
 * @returns {{fresh: (above: number) => void, moved: () => void}} to be called when the preview shows another text, and
 *   when the cursor has moved
 */
export function follow(view, pane, beside) {
  const { scrollDOM } = view;
  let blocks = []; // of the preview, with their lines
  let leads = "text";

  const topOf = (element) => element.getBoundingClientRect().top - pane.getBoundingClientRect().top + pane.scrollTop;

  /** The blocks around a place, and how far it is from the first to the second. */
  function between(value, of) {
    let first = null;
    for (const block of blocks) {
      const at = of(block);
      if (at > value) return { first, second: block, part: first ? (value - of(first)) / (at - of(first)) : 0 };
      if (!first || at > of(first)) first = block;
    }
    return { first, second: null, part: 0 };
  }

  /** The distance of a line of the text from the top of the preview. */
  function heightOf(line) {
    const { first, second, part } = between(line, (block) => block.line);
    const from = first ? topOf(first.element) : 0;
    return second ? from + part * (topOf(second.element) - from) : from;
  }

  /** Scrolls the preview to the place at the top of the text; with the cursor, until its block is in sight. */
  function preview() {
    if (!beside() || !blocks.length || leads !== "text") return;
    const { scrollTop, scrollHeight, clientHeight } = scrollDOM;
    const block = view.lineBlockAtHeight(scrollTop);
    const line = view.state.doc.lineAt(block.from).number + (scrollTop - block.top) / block.height;
    if (scrollTop > 0 && scrollTop + clientHeight >= scrollHeight - 24) {
      pane.scrollTop = pane.scrollHeight;
      return;
    }
    pane.scrollTop = scrollTop > 0 ? heightOf(line) : 0;
    const cursor = heightOf(view.state.doc.lineAt(view.state.selection.main.head).number);
    const seen = view.coordsAtPos(view.state.selection.main.head);
    const box = scrollDOM.getBoundingClientRect();
    if (!seen || seen.top < box.top || seen.bottom > box.bottom) return;
    if (cursor < pane.scrollTop || cursor > pane.scrollTop + pane.clientHeight - 80) pane.scrollTop = cursor - (seen.top - box.top);
  }

  function text() {
    if (!beside() || !blocks.length || leads !== "preview") return;
    const { first, second, part } = between(pane.scrollTop + 1, (block) => topOf(block.element));
    const from = first?.line ?? 1;
    const line = Math.min(from + part * ((second?.line ?? from) - from), view.state.doc.lines);
    const block = view.lineBlockAt(view.state.doc.line(Math.max(Math.floor(line), 1)).from);
    scrollDOM.scrollTop = pane.scrollTop > 0 ? block.top + (line % 1) * block.height : 0;
  }

  for (const event of LEADS) {
    view.dom.addEventListener(event, () => { leads = "text"; }, { passive: true });
    pane.addEventListener(event, () => { leads = "preview"; }, { passive: true });
  }
  scrollDOM.addEventListener("scroll", preview, { passive: true });
  pane.addEventListener("scroll", text, { passive: true });

  return {
    moved: preview,
    fresh(above) {
      blocks = [...pane.querySelectorAll("[data-line]")].map((element) => ({ element, line: Number(element.dataset.line) + above }));
      preview();
    },
  };
}
