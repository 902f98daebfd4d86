// Pictures and files pasted, dropped or chosen are attached to the page; a place is kept in the text
// for each while it is sent, and the Markdown that the server gives takes it. `alt` describes an image in place of its name.
import { filesOf, startUploads as startSending } from "../files/uploads.js";
import { leave, takeLeft } from "./handover.js";
import { t } from "../words.js";

const LABEL = /\[(?:[^\\\]]|\\.)*\]/; // of a link or an image

/** The one change that puts `insert` where the words `mark` stand now, wherever editing moved them. */
function replace(view, mark, insert) {
  const from = view.state.doc.toString().indexOf(mark);
  if (from < 0) return; // its author deleted it meanwhile: then it is not wanted
  view.dispatch({ changes: { from, to: from + mark.length, insert }, userEvent: "input" });
}

/** @returns {{sent: () => Promise<unknown>}} resolves once all files have been sent or refused. */
export function startUploads(form, view) {
  const target = form.dataset.files;
  const state = form.querySelector("[data-state]");
  const token = form.elements.namedItem("csrf_token").value;
  const uploads = target ? startSending(form.querySelector("[data-uploads]"), { target, token, replace: false }) : null;
  const sending = new Set();
  let count = 0;

  function say(words, tone) {
    state.textContent = words;
    state.dataset.tone = tone;
  }

  /** A new page must exist before files can be attached to it: offer to create it and go on there. */
  function offerToCreate(files, alt) {
    say(t("Images and files can be attached once the page exists."), "warn");
    const button = document.createElement("button");
    Object.assign(button, { className: "button small", type: "button" });
    button.textContent = t("Create page and attach");
    button.addEventListener("click", async () => {
      if (!form.reportValidity()) return; // a page needs a title first
      await leave(document.body.dataset.reader, files, view.state.selection.main.head, alt).catch(() => {});
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "then", value: "edit" }));
      form.requestSubmit();
    });
    state.append(" ", button);
  }

  async function send(file, mark, alt) {
    const found = await uploads.add(file);
    const markdown = found?.markdown ?? "";
    replace(view, mark, alt === undefined ? markdown : markdown.replace(LABEL, () => `[${alt}]`));
    if (found) say(t("%(name)s attached. The page isn’t saved yet.", { name: found.name }), "");
  }

  function take(event, files, alt) {
    if (!files.length) return;
    event.preventDefault();
    event.stopPropagation();
    if (uploads) insert(files, alt);
    else offerToCreate(files, alt);
  }

  function insert(files, alt) {
    const marks = files.map((file) => `![${t("Sending %(name)s (%(number)s)…", { name: file.name.replace(/[[\]\n]/g, ""), number: (count += 1) })}]()`);
    view.dispatch(view.state.replaceSelection(marks.join("\n")), { userEvent: "input.paste" });
    files.forEach((file, index) => {
      const sent = send(file, marks[index], alt).finally(() => sending.delete(sent));
      sending.add(sent);
    });
  }

  view.contentDOM.addEventListener("paste", (event) => {
    // A copy from a word processor carries a picture of the words too: the words are wanted then.
    if (!event.clipboardData.types.includes("text/plain")) take(event, filesOf(event.clipboardData));
  }, { capture: true });
  view.contentDOM.addEventListener("drop", (event) => {
    const files = filesOf(event.dataTransfer);
    if (!files.length) return;
    const at = view.posAtCoords({ x: event.clientX, y: event.clientY });
    if (at !== null) view.dispatch({ selection: { anchor: at } });
    take(event, files);
  }, { capture: true });

  const picker = document.createElement("input");
  picker.type = "file";
  picker.multiple = true;
  picker.addEventListener("change", (event) => {
    take(event, [...picker.files]);
    picker.value = "";
    view.focus();
  });
  form.addEventListener("attach", (event) => take(event, [event.detail.file], event.detail.alt));
  form.querySelector("[data-attach]")?.addEventListener("click", () => picker.click());

  if (uploads && new URLSearchParams(location.search).has("attach")) {
    history.replaceState(null, "", location.pathname);
    takeLeft(document.body.dataset.reader).then((left) => {
      if (!left) return;
      view.dispatch({ selection: { anchor: Math.min(left.at, view.state.doc.length) } });
      insert(left.files, left.alt);
    }).catch(() => {});
  }
  return { sent: () => Promise.allSettled([...sending]) };
}
