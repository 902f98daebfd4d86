// A click on the header of a column sorts a table of a page: up, down, then as it was written. Only
// what the reader sees changes, never the text.

const SORTS = ["ascending", "descending", "none"];

const valueOf = (cell) => (cell?.querySelector("time[datetime]")?.dateTime ?? cell?.textContent ?? "").trim();

/** Whether a table has one row of headers, at least two rows below it, and no merged cells. */
function sortable(table) {
  const head = table.tHead;
  return head?.rows.length === 1
    && table.tBodies.length === 1
    && table.tBodies[0].rows.length > 1
    && !table.parentElement.closest("table")
    && [...head.rows[0].cells].every((cell) => cell.tagName === "TH")
    && [...table.rows].every((row) => [...row.cells].every((cell) => cell.colSpan === 1 && cell.rowSpan === 1));
}

async function sort(body, rows, column, direction) {
  const order = rows.map((_, index) => index);
  const { comparing } = await import("later:values"); // also for none, so that clicks act in their order
  if (direction) order.sort(comparing(rows.map((row) => valueOf(row.cells[column])), direction));
  body.append(...order.map((index) => rows[index]));
}

function offer(table) {
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const headers = [...table.tHead.rows[0].cells];
  for (const [column, header] of headers.entries()) {
    if (!header.textContent.trim() || header.querySelector("a, button, input, details, [tabindex]")) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...header.childNodes);
    header.append(button);
    button.addEventListener("click", () => {
      const next = SORTS[(SORTS.indexOf(header.ariaSort ?? "none") + 1) % SORTS.length];
      for (const other of headers) other.removeAttribute("aria-sort");
      if (next !== "none") header.ariaSort = next;
      sort(body, rows, column, { ascending: 1, descending: -1, none: 0 }[next]);
    });
  }
}

for (const table of document.querySelectorAll(".prose table")) if (sortable(table)) offer(table);
