// Pictures and files pasted, dropped or chosen are attached to the page; a place is kept in the text
// for each while it is sent, and the Markdown that the server gives takes it.
import { filesOf, startUploads as startSending } from "../files/uploads.js";

/** The one change that puts `insert` where the words `mark` stand now, wherever editing moved them. */
function replace(view, mark, insert) {
  const from = view.state.doc.toString().indexOf(mark);
  if (from < 0) return; // its author deleted it meanwhile: then it is not wanted
  view.dispatch({ changes: { from, to: from + mark.length, insert }, userEvent: "input" });
}

export function startUploads(form, view) {
  const target = form.dataset.files;
  const state = form.querySelector("[data-state]");
  const token = form.elements.namedItem("csrf_token").value;
  const uploads = target ? startSending(form.querySelector("[data-uploads]"), { target, token, replace: false }) : null;
  let count = 0;

  function say(words, tone) {
    state.textContent = words;
    state.dataset.tone = tone;
  }

  async function send(file, mark) {
    const found = await uploads.add(file);
    replace(view, mark, found?.markdown ?? "");
    if (found) say(`${found.name} attached. The page isn’t saved yet.`, "");
  }

  function take(event, files) {
    if (!files.length) return;
    event.preventDefault();
    event.stopPropagation();
    if (!uploads) {
      say("Save the page before attaching images or files.", "warn");
      return;
    }
    const marks = files.map((file) => `![Sending ${file.name.replace(/[[\]\n]/g, "")} (${(count += 1)})…]()`);
    view.dispatch(view.state.replaceSelection(marks.join("\n")), { userEvent: "input.paste" });
    files.forEach((file, index) => send(file, marks[index]));
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
  form.querySelector("[data-attach]")?.addEventListener("click", () => picker.click());
}
