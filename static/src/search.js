// In the search field: completions of operators and their values, which the server finds for what was typed.
const PATIENCE = 100;
const field = document.getElementById("q");
let asked = null;
let timer = 0;

async function ask() {
  asked?.abort();
  asked = new AbortController();
  const before = field.value.slice(0, field.selectionEnd ?? field.value.length);
  if (before !== field.value) return field.list.replaceChildren(); // only the end of a query is completed
  try {
    const query = new URLSearchParams({ q: before });
    const answer = await fetch(`/-/search/complete?${query}`, { signal: asked.signal });
    if (answer.ok && !answer.redirected) field.list.innerHTML = await answer.text();
  } catch {
    // what was typed in full is searched without it
  }
}

field.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(ask, PATIENCE);
});
