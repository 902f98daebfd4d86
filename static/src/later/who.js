// In a field that asks for a person or a group: those whom the server finds for what was typed.
const PATIENCE = 120;

for (const field of document.querySelectorAll("input[data-who]")) {
  let asked = null;
  let timer = 0;
  const ask = async () => {
    asked?.abort();
    asked = new AbortController();
    try {
      const answer = await fetch(`/-/who?${new URLSearchParams({ q: field.value })}`, { signal: asked.signal });
      if (answer.ok && !answer.redirected) field.list.innerHTML = await answer.text();
    } catch {
      // what was typed in full is understood without it
    }
  };
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PATIENCE);
  });
}
