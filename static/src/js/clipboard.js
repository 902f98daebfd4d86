// Text goes to the clipboard also where the browser keeps its interface for that from pages that came
// without encryption.

/** Copy `text`; reject if the browser refuses. */
export async function copyText(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  const before = document.activeElement;
  area.value = text;
  area.readOnly = true;
  area.className = "visually-hidden";
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  before?.focus({ preventScroll: true });
  if (!copied) throw new Error("refused");
}
