// The files on their way from a screen: a line for each, with its progress, its trouble and its end.
import { Refused, sendFile } from "./sending.js";
import { size } from "../sizes.js";
import { t } from "../words.js";

const AT_ONCE = 3;

function element(tag, words = "", attributes = {}) {
  const made = document.createElement(tag);
  made.textContent = words;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

/**
 * @param {HTMLElement} place where the lines go; it is hidden while there are none.
 * @param {{target: string, token: string, replace: boolean}} how see sendFile.
 */
export function startUploads(place, how) {
  const list = element("ul", "", { class: "uploads", "aria-label": t("Uploads") });
  const news = element("p", "", { class: "visually-hidden", role: "status" });
  place.append(list, news);
  const waiting = [];
  let running = 0;

  addEventListener("beforeunload", (event) => {
    if (running) event.preventDefault();
  });

  function next() {
    while (running < AT_ONCE && waiting.length) {
      running += 1;
      waiting.shift()().finally(() => {
        running -= 1;
        next();
      });
    }
  }

  /** Send a file; resolves with what the wiki says of it, or null when it was refused or cancelled. */
  function add(file) {
    const line = element("li");
    const name = element("strong", file.name, { dir: "auto" });
    const stop = element("button", t("Cancel"), { class: "button small", type: "button" });
    stop.append(element("span", ` ${file.name}`, { class: "visually-hidden" }));
    const progress = element("progress", "", { max: String(file.size || 1), value: "0", "aria-label": file.name });
    const words = element("p", t("Waiting"));
    const text = element("div");
    text.append(name, progress, words);
    line.append(text, stop);
    list.append(line);
    place.hidden = false;
    const cancelled = new AbortController();

    function say(sentence, tone = "") {
      words.textContent = sentence;
      line.dataset.tone = tone;
    }

    function end(sentence, tone) {
      say(sentence, tone);
      news.textContent = `${file.name}: ${sentence}`;
      progress.remove();
      stop.firstChild.textContent = t("Close");
      stop.onclick = () => {
        line.remove();
        place.hidden = !list.children.length;
      };
    }

    function tell(done, trouble) {
      progress.value = done;
      if (trouble) say(trouble, "warn");
      else say(done ? t("%(sent)s of %(size)s", { sent: size(done), size: size(file.size) }) : t("Sending %(size)s", { size: size(file.size) }));
    }

    async function send() {
      try {
        cancelled.signal.throwIfAborted();
        tell(0, "");
        const found = await sendFile(file, { ...how, signal: cancelled.signal, tell });
        end(found.name === file.name ? t("Attached") : t("Attached as %(name)s", { name: found.name }), "good");
        return found;
      } catch (error) {
        if (cancelled.signal.aborted) {
          line.remove();
          place.hidden = !list.children.length;
        } else {
          end(error instanceof Refused ? error.message : t("The file couldn’t be sent because the browser can no longer read it."), "danger");
        }
        return null;
      }
    }

    stop.onclick = () => cancelled.abort();
    return new Promise((resolve) => {
      waiting.push(() => send().then(resolve));
      next();
    });
  }

  return { add };
}

/** The files of a paste or a drop; folders, which have no bytes, left out. */
export function filesOf(transfer) {
  const items = [...(transfer?.items ?? [])].filter((item) => item.kind === "file");
  const folders = items.some((item) => item.webkitGetAsEntry?.()?.isDirectory);
  if (!folders) return [...(transfer?.files ?? [])];
  return items.filter((item) => !item.webkitGetAsEntry?.()?.isDirectory).map((item) => item.getAsFile()).filter(Boolean);
}
