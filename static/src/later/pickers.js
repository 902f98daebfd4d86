// The dialogs that ask for a link, an image or a table. The editor loads them with their first use.
export { pickImage } from "../js/pickers/image.js";
export { pickLink } from "../js/pickers/link.js";
export { pickTable } from "../js/pickers/table.js";
