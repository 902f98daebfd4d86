// Runs before the first paint: what later would move something or miss a key.

// Whether scripts work, and whether this reader keeps the sidebar closed.
document.documentElement.classList.add("scripted");
try {
  const kept = localStorage.getItem("trellis:tree");
  if (kept) document.documentElement.dataset.tree = kept;
} catch {
  // Storage is refused in some private windows: then nothing is remembered.
}

// Return in the title of a page leads into its text, as in other editors, instead of sending the form. It may
// be pressed before the editor has started, which then takes over the place in the text.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
  if (!event.target.matches("form[data-editor] [name=title]")) return;
  event.preventDefault();
  event.target.form.elements.body.focus();
});
