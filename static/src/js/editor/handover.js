// Carries files from the form for a new page to the editor of the page that it creates: files belong to a
// page, so there must be one first. They wait in the browser's own database for a moment.
const STORE = "files";

function database() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open("trellis-handover", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE);
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

async function inStore(mode, act) {
  const opened = await database();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = opened.transaction(STORE, mode);
      const asked = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    opened.close();
  }
}

/** Leave files, and where in the text they belong, for the next editor that this browser opens. */
export const leave = (reader, files, at, alt) => inStore("readwrite", (store) => store.put({ files, at, alt, left: Date.now() }, reader));

/** The files left within the last minute; null if there are none. */
export async function takeLeft(reader) {
  const found = await inStore("readwrite", (store) => {
    const asked = store.get(reader);
    store.delete(reader);
    return asked;
  });
  return found && Date.now() - found.left < 60_000 ? found : null;
}
