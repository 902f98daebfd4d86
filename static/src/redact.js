// What is selected in a page's source goes into the field for what is to be redacted.
const source = document.querySelector("[data-source]");
const field = document.getElementById("text");

source?.addEventListener("select", () => {
  const chosen = source.value.slice(source.selectionStart, source.selectionEnd).trim();
  if (chosen) field.value = chosen;
});
