// Turns what was copied elsewhere into Markdown. The editor loads it with the first such paste.
export { convert } from "../js/pasting/convert.js";
