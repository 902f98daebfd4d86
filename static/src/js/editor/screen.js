// The visible part of the screen, without the keyboard of a phone and the bars of the editor.
import { EditorView } from "@codemirror/view";

const narrow = matchMedia("(width < 48rem)"); // where the page scrolls, not the text in it (edit.css)

/** Keeps the line with the cursor clear of the tools above the text and the bar below it, as far as they cover it. */
export function clearOfBars(form) {
  const tools = form.querySelector(".editor-top");
  const bar = form.querySelector(".editor-foot");
  return EditorView.scrollMargins.of((view) => {
    if (!narrow.matches) return null;
    const text = view.dom.getBoundingClientRect();
    const covered = (edge, most) => Math.min(Math.max(edge, 0), most);
    return {
      top: covered(tools.getBoundingClientRect().bottom - text.top, tools.offsetHeight),
      bottom: covered(text.bottom - bar.getBoundingClientRect().top, bar.offsetHeight),
    };
  });
}

/** Keeps the bar above the keyboard: where browsers can, the page becomes smaller; elsewhere the bar moves up. */
export function startScreen(form, view) {
  const meta = document.querySelector("meta[name=viewport]");
  meta.content += ", interactive-widget=resizes-content";
  let height = 0;
  new ResizeObserver(([{ target }]) => {
    const grown = target.offsetHeight > height && height > 0;
    height = target.offsetHeight;
    if (grown && narrow.matches && view.hasFocus) view.dispatch({ effects: EditorView.scrollIntoView(view.state.selection.main.head) });
  }).observe(form.querySelector(".editor-foot"));
  const seen = window.visualViewport;
  if (!seen) return;
  const settle = () => {
    const covered = Math.max(innerHeight - seen.height * seen.scale - seen.offsetTop, 0);
    form.style.setProperty("--keyboard", `${seen.scale > 1 ? 0 : Math.round(covered)}px`);
  };
  seen.addEventListener("resize", settle);
  seen.addEventListener("scroll", settle);
}
