// The list of a page's files: dropped, pasted and chosen files are sent one by one, each with its own
// state. Without any of this the form attaches what is chosen.
import { filesOf, startUploads } from "./js/files/uploads.js";

const form = document.querySelector("form[data-drop]");
if (form) start(form);

function start(form) {
  const input = form.elements.namedItem("file");
  const uploads = startUploads(form.querySelector("[data-uploads]"), {
    target: location.pathname,
    token: form.elements.namedItem("csrf_token").value,
    replace: true,
  });
  form.querySelector(".plain-attach").hidden = true;
  let open = 0;

  async function send(files) {
    open += files.length;
    const sent = await Promise.all(
      files.map((file) => uploads.add(file).finally(() => {
        open -= 1;
      })),
    );
    if (!open && sent.some(Boolean)) await refresh();
  }

  input.addEventListener("change", () => {
    send([...input.files]);
    input.value = "";
  });
  document.addEventListener("paste", (event) => {
    const files = filesOf(event.clipboardData);
    if (!files.length || event.target.matches("input, textarea")) return;
    event.preventDefault();
    send(files);
  });
  let inside = 0;
  const over = (event) => event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragenter", (event) => {
    if (!over(event)) return;
    inside += 1;
    form.dataset.over = "";
  });
  document.addEventListener("dragleave", (event) => {
    if (over(event) && (inside -= 1) <= 0) delete form.dataset.over;
  });
  document.addEventListener("dragover", (event) => {
    if (over(event)) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    if (!over(event)) return;
    event.preventDefault();
    inside = 0;
    delete form.dataset.over;
    send(filesOf(event.dataTransfer));
  });
}

/** Show the list as it is now. */
async function refresh() {
  try {
    const answer = await fetch(location.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of ["data-files-list", "data-files-earlier"]) {
      const fresh = page.querySelector(`[${part}]`);
      if (fresh) document.querySelector(`[${part}]`).replaceChildren(...fresh.childNodes);
    }
  } catch {
    // The files are attached; the list is old until it is loaded again.
  }
}
