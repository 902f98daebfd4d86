// Pages of a tree are moved by dragging and by keys, by those who may.
export { dragIn } from "../js/tree/dragging.js";
export { shift, showSaid } from "../js/tree/moving.js";
