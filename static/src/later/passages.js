// Comments on passages: passages with open discussions are marked by the CSS Custom Highlight API, which leaves the
// document alone, and selected text is quoted in a form beside the page. The server says which words to mark; they are
// found by their characters, whatever the white space, and by what is before and after them.
const root = document.querySelector("[data-passages]");
const prose = document.querySelector("[data-read] .prose");
const form = root.querySelector("form.comment-form");
const CONTEXT = 32;

/** The characters of the page without white space, each with its text node and place. */
function seen() {
  const walker = document.createTreeWalker(prose, NodeFilter.SHOW_TEXT);
  const nodes = [];
  let text = "";
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.parentElement.closest("button, script, style, [data-added]")) continue;
    const places = [];
    for (let at = 0; at < node.data.length; at++) if (!/\s/.test(node.data[at])) places.push(at);
    nodes.push({ node, start: text.length, places });
    text += node.data.replace(/\s/g, "");
  }
  return { text, nodes };
}

const bare = (text) => text.replace(/\s/g, "");

/** The number of characters that two texts have in common from their start. */
function common(one, other) {
  let count = 0;
  while (count < one.length && count < other.length && one[count] === other[count]) count++;
  return count;
}

const backwards = (text) => [...text].reverse().join("");

/** Where the words of a passage are in the text: the place with the most of what was around them. */
function find(text, words, before, after) {
  let best = -1;
  let most = -1;
  for (let at = text.indexOf(words); at >= 0 && words; at = text.indexOf(words, at + 1)) {
    const left = backwards(text.slice(Math.max(0, at - before.length), at));
    const score = common(backwards(before), left) + common(after, text.slice(at + words.length));
    if (score > most) [best, most] = [at, score];
  }
  return best;
}

/** The range of a stretch of the characters. */
function rangeOf({ nodes }, start, end) {
  const spot = (at) => {
    const one = nodes.findLast((each) => each.start <= at && each.places.length);
    return [one.node, one.places[at - one.start]];
  };
  const range = new Range();
  range.setStart(...spot(start));
  const [node, last] = spot(end - 1);
  range.setEnd(node, last + 1);
  return range;
}

const marked = [];

async function mark() {
  if (!("highlights" in CSS) || typeof Highlight === "undefined") return;
  const answer = await fetch(root.dataset.passages, { headers: { accept: "application/json" }, redirect: "manual" });
  if (!answer.ok) return;
  const passages = await answer.json();
  if (!passages.length) return;
  const page = seen();
  for (const one of passages) {
    const words = bare(one.words);
    const start = find(page.text, words, bare(one.before), bare(one.after));
    if (start >= 0) marked.push({ ...one, range: rangeOf(page, start, start + words.length) });
  }
  CSS.highlights.set("passage", new Highlight(...marked.map((one) => one.range)));
  prose.addEventListener("click", follow);
}

/** A click on a marked passage leads to its discussion. */
function follow(event) {
  if (event.target.closest("a, button, input, summary") || !getSelection().isCollapsed) return;
  const one = marked.findLast(({ range }) =>
    [...range.getClientRects()].some(
      (box) => event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom,
    ),
  );
  if (one) location.assign(`${form?.action ?? root.dataset.passages.replace(/passages$/, "comments")}?thread=${one.thread}#m${one.message}`);
}

const button = root.querySelector("[data-quote]");
let quoted = null;

/** The selected text of the page with what is around it; null without one. */
function selected() {
  const selection = getSelection();
  if (!selection.rangeCount || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  if (!prose.contains(range.commonAncestorContainer)) return null;
  const page = seen();
  const offset = (node, at) => {
    const point = new Range();
    point.setStart(prose, 0);
    point.setEnd(node, at);
    let count = 0;
    for (const one of page.nodes) {
      if (point.comparePoint(one.node, 0) > 0) break;
      count += one.node === node ? one.places.filter((place) => place < at).length : one.places.length;
      if (one.node === node) break;
    }
    return count;
  };
  const start = offset(range.startContainer, range.startOffset);
  const end = offset(range.endContainer, range.endOffset);
  if (end <= start) return null;
  const text = (from, to) => (to > from ? rangeOf(page, from, to).toString() : "");
  return {
    words: text(start, end),
    before: text(Math.max(0, start - CONTEXT), start),
    after: text(end, Math.min(page.text.length, end + CONTEXT)),
    box: range.getBoundingClientRect(),
  };
}

/** Show the button at the end of the selection. */
function offer() {
  quoted = selected();
  button.hidden = !quoted;
  if (!quoted) return;
  const origin = (button.offsetParent ?? document.documentElement).getBoundingClientRect();
  const last = document.documentElement.clientWidth - button.offsetWidth - 8;
  button.style.top = `${quoted.box.bottom + 6 - origin.top}px`;
  button.style.left = `${Math.min(Math.max(quoted.box.left, 8), last) - origin.left}px`;
}

function field(name, value) {
  let input = form.elements.namedItem(name);
  if (!input) {
    input = form.appendChild(document.createElement("input"));
    input.type = "hidden";
    input.name = name;
  }
  input.value = value;
}

/** Open the form beside the page, or as a sheet below it, about the selected text. */
function quote() {
  if (!quoted) return false;
  field("quote", quoted.words);
  field("before", quoted.before);
  field("after", quoted.after);
  const fields = form.querySelector("details");
  fields.open = true;
  const suggestion = form.elements.namedItem("suggestion");
  if (!suggestion.value) suggestion.value = quoted.words;
  root.style.minBlockSize = `${root.offsetHeight}px`; // the page keeps its height while the form is beside it
  form.classList.add("beside");
  button.hidden = true;
  form.elements.namedItem("body").focus({ preventScroll: true });
  return true;
}

if (prose && "discussed" in root.dataset) mark();
if (prose && form && button) {
  document.addEventListener("selectionchange", () => requestAnimationFrame(offer));
  button.addEventListener("pointerdown", (event) => event.preventDefault());
  button.addEventListener("click", quote);
  form.querySelector("[data-close]").addEventListener("click", () => form.classList.remove("beside"));
  form.addEventListener("keydown", (event) => event.key === "Escape" && form.classList.remove("beside"));
  // "c" comments on the selection, if there is one; else it leads to the field.
  document.addEventListener(
    "keydown",
    (event) => {
      const typing = event.target.closest("input, textarea, select, [contenteditable]");
      if (event.key !== "c" || event.ctrlKey || event.metaKey || event.altKey || typing) return;
      quoted = selected();
      if (quote()) {
        event.preventDefault();
        event.stopImmediatePropagation();
      }
    },
    true,
  );
  offer(); // what was selected when this was asked for
}
