// Opens a dialog of the editor and waits until it is closed.

/** @returns {Promise<boolean>} whether it was closed by its button */
export function ask(dialog) {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "insert"), { once: true });
  });
}

/** Calls `find` a moment after the last key; a later call makes the signal of the one before abort. */
export function later(find, patience = 120) {
  let timer = 0;
  let asked = null;
  return (...values) => {
    clearTimeout(timer);
    asked?.abort();
    asked = new AbortController();
    const { signal } = asked;
    timer = setTimeout(() => find(signal, ...values).catch((error) => {
      if (error.name !== "AbortError") console.error(error);
    }), patience);
  };
}

/** The fragment at an address of the wiki. */
export async function fragment(address, signal) {
  const answer = await fetch(address, { signal });
  if (!answer.ok || answer.redirected) throw new Error(`${address}: ${answer.status}`);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}
