// Goes to the line of the text that a link above it names: <a href="#body" data-line="3" data-column="7">.

/** @param {HTMLFormElement} form @param {import("@codemirror/view").EditorView} view */
export function startPlaces(form, view) {
  form.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[data-line]") : null;
    if (!link) return;
    event.preventDefault();
    const { doc } = view.state;
    const line = doc.line(Math.min(Math.max(Number(link.dataset.line), 1), doc.lines));
    const anchor = Math.min(line.from + Math.max(Number(link.dataset.column || 1) - 1, 0), line.to);
    view.dispatch({ selection: { anchor, head: line.to }, scrollIntoView: true });
    view.focus();
    view.dom.scrollIntoView({ block: "nearest" });
  });
}
