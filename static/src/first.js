// Runs before the first paint, so that nothing moves later: says that scripts work, and whether this
// reader keeps the sidebar closed.
document.documentElement.classList.add("scripted");
try {
  const kept = localStorage.getItem("trellis:tree");
  if (kept) document.documentElement.dataset.tree = kept;
} catch {
  // Storage is refused in some private windows: then nothing is remembered.
}
