// Pictures and files pasted or dropped into the text are attached to the page; a place is kept for
// each while it is sent, and the Markdown that the server gives takes it.

/** The one change that puts `insert` where the words `mark` stand now, wherever editing moved them. */
function replace(view, mark, insert) {
  const from = view.state.doc.toString().indexOf(mark);
  if (from < 0) return; // its author deleted it meanwhile: then it is not wanted
  view.dispatch({ changes: { from, to: from + mark.length, insert }, userEvent: "input" });
}

export function startUploads(form, view) {
  const target = form.dataset.files;
  const state = form.querySelector("[data-state]");
  let count = 0;

  function say(words, tone) {
    state.textContent = words;
    state.dataset.tone = tone;
  }

  async function send(file) {
    count += 1;
    const mark = `![Sending ${file.name} (${count})…]()`;
    view.dispatch(view.state.replaceSelection(mark), { userEvent: "input.paste" });
    const body = new FormData();
    body.append("csrf_token", form.elements.namedItem("csrf_token").value);
    body.append("file", file);
    try {
      const answer = await fetch(target, { method: "POST", body, headers: { Accept: "application/json" } });
      const { files = [], refused = [], detail } = await answer.json();
      if (!files.length) throw new Error(refused[0]?.sentence ?? detail ?? "The wiki did not accept it.");
      replace(view, mark, files[0].markdown);
      say(`${files[0].name} is attached. The text is not saved yet.`, "");
    } catch (error) {
      replace(view, mark, "");
      const reason = error instanceof TypeError || error instanceof SyntaxError ? "The wiki does not answer." : error.message;
      say(`${file.name} was not attached: ${reason}`, "danger");
    }
  }

  function take(event, files) {
    if (!files?.length) return;
    event.preventDefault();
    event.stopPropagation();
    if (!target) {
      say("Save the page first; then pictures and files can be attached to it.", "warn");
      return;
    }
    for (const file of files) send(file);
  }

  view.contentDOM.addEventListener("paste", (event) => {
    // A copy from a word processor carries a picture of the words too: the words are wanted then.
    if (!event.clipboardData.types.includes("text/plain")) take(event, event.clipboardData.files);
  }, { capture: true });
  view.contentDOM.addEventListener("drop", (event) => {
    const files = event.dataTransfer.files;
    if (!files.length) return;
    const at = view.posAtCoords({ x: event.clientX, y: event.clientY });
    if (at !== null) view.dispatch({ selection: { anchor: at } });
    take(event, files);
  }, { capture: true });
}
