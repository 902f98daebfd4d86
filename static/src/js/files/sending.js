// Sends one file to the wiki: small ones at once, large ones in pieces that can be gone on with after
// the connection, the server or this page was away for a while.
import { forget, read, write } from "../storage.js";
import { t } from "../words.js";

const LARGE = 8 * 2 ** 20;
const SMALLEST_PIECE = 2 ** 18;
const LARGEST_PIECE = 8 * 2 ** 20;
const AWAY = [408, 502, 503, 504];

/** What the wiki said against a file, in a sentence. */
export class Refused extends Error {}

const AGAIN = t("The wiki isn’t responding. The upload will continue automatically.");

async function sentenceOf(answer) {
  if (answer.status === 401) return t("Your session has expired. Sign in again in another tab, then try again.");
  try {
    const { refused, detail } = await answer.json();
    return refused?.[0]?.sentence ?? detail ?? t("The wiki didn’t accept the file.");
  } catch {
    if (answer.status === 413) return t("This file is larger than the wiki accepts.");
    return answer.status >= 500 ? t("The wiki has a problem. Try again in a moment.") : t("The wiki didn’t accept the file.");
  }
}

/** Wait a little longer each time, but not once the browser is online again. */
function pause(tries, signal) {
  return new Promise((resolve, reject) => {
    const end = new AbortController();
    const stop = (how) => () => {
      clearTimeout(timer);
      end.abort();
      how();
    };
    const timer = setTimeout(stop(resolve), Math.min(500 * 2 ** tries, 20_000));
    addEventListener("online", stop(resolve), { signal: end.signal });
    signal.addEventListener("abort", stop(() => reject(signal.reason)), { signal: end.signal });
  });
}

/**
 * Send a file; gives what the wiki says of it.
 * @param {File} file
 * @param {{target: string, token: string, replace: boolean, signal: AbortSignal,
 *   tell: (done: number, trouble: string) => void}} how  target: the address of a page's files; tell
 *   hears how many bytes have arrived, and what holds it up.
 */
export function sendFile(file, how) {
  const headers = { Accept: "application/json", "X-CSRFToken": how.token };
  return (file.size > LARGE ? inPieces : atOnce)(file, { ...how, headers });
}

/** Ask until there is an answer. */
async function ask(url, options, { signal, tell, headers }, done) {
  for (let tries = 0; ; tries += 1) {
    try {
      const answer = await fetch(url, { signal, ...options, headers: { ...headers, ...options.headers } });
      if (!AWAY.includes(answer.status)) return answer;
    } catch (error) {
      if (signal.aborted || !(error instanceof TypeError)) throw error;
    }
    tell(done, AGAIN);
    await pause(tries, signal);
  }
}

async function atOnce(file, how) {
  const body = new FormData();
  if (how.replace) body.append("replace", "1");
  body.append("file", file);
  const answer = await ask(how.target, { method: "POST", body }, how, 0);
  if (!answer.ok) throw new Refused(await sentenceOf(answer));
  const { files } = await answer.json();
  return files[0];
}

async function inPieces(file, how) {
  const name = `upload:${how.target}:${file.name}:${file.size}:${file.lastModified}`;
  let state;

  function giveUp() {
    if (!state) return;
    forget(name);
    fetch(state.url, { method: "DELETE", headers: how.headers, keepalive: true }).catch(() => {});
  }

  async function find() {
    state = (await left(name, how)) ?? (await begin(file, how));
    write(name, state.url);
    if (!how.signal.aborted) return;
    giveUp();
    throw how.signal.reason;
  }

  how.signal.addEventListener("abort", giveUp, { once: true });
  await find();
  let length = 2 ** 20;
  let tries = 0;
  while (!state.file) {
    how.tell(state.offset, "");
    const begun = performance.now();
    let answer;
    try {
      answer = await fetch(state.url, {
        method: "PATCH",
        body: file.slice(state.offset, state.offset + length),
        headers: { ...how.headers, "Content-Type": "application/octet-stream", "Upload-Offset": String(state.offset) },
        signal: how.signal,
      });
    } catch (error) {
      if (how.signal.aborted) throw error;
    }
    if (!answer || AWAY.includes(answer.status) || answer.status === 409) {
      if (answer?.status !== 409) {
        how.tell(state.offset, AGAIN);
        await pause(tries, how.signal);
        tries += 1;
        length = Math.max(length / 2, SMALLEST_PIECE);
      }
      await find();
      continue;
    }
    if (!answer.ok) {
      const sentence = await sentenceOf(answer);
      if (answer.status !== 401) forget(name);
      throw new Refused(sentence);
    }
    state = await answer.json();
    tries = 0;
    const took = performance.now() - begun;
    if (took < 1000) length = Math.min(length * 2, LARGEST_PIECE);
    else if (took > 4000) length = Math.max(length / 2, SMALLEST_PIECE);
  }
  forget(name);
  return state.file;
}

/** Begin on the wiki's side; not to be cut off, or what was begun could not be taken away again. */
async function begin(file, how) {
  const body = new URLSearchParams({ name: file.name, size: String(file.size) });
  if (how.replace) body.append("replace", "1");
  const answer = await ask(how.target.replace(/files$/, "uploads"), { method: "POST", body, signal: null }, how, 0);
  if (!answer.ok) throw new Refused(await sentenceOf(answer));
  return answer.json();
}

/** What this browser began before of the same file, if the wiki still has it. */
async function left(name, how) {
  const url = read(name);
  if (!url?.startsWith("/-/uploads/")) return null;
  const answer = await ask(url, {}, how, 0);
  if (answer.ok) return answer.json();
  if (answer.status === 401) throw new Refused(await sentenceOf(answer));
  forget(name);
  return null;
}
