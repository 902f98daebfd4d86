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

// Which result was opened, for the log of searches. The page opens whether or not this arrives.
document.querySelector(".found")?.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-result]");
  const form = document.getElementById("helped");
  if (!link || !form) return;
  const body = new FormData(form);
  body.set("page", link.dataset.result);
  fetch("/-/search/opened", { method: "POST", body, keepalive: true, redirect: "manual" }).catch(() => undefined);
});
