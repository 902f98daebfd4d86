// The size of a new table.
import { ask } from "./dialog.js";

const dialog = document.getElementById("pick-table");
const columns = dialog.querySelector("#pick-table-columns");
const rows = dialog.querySelector("#pick-table-rows");

/** @returns {Promise<{rows: number, columns: number} | null>} without the header */
export async function pickTable() {
  const closed = ask(dialog);
  columns.select();
  return (await closed) ? { rows: rows.valueAsNumber, columns: columns.valueAsNumber } : null;
}
