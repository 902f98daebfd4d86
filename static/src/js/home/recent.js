// Lists the pages that this browser remembers as read. The server is asked for their titles, so that a page
// is listed under its present name and only while its reader may read it.
import { recentPages } from "../recent.js";

const section = document.querySelector("[data-recent]");
const pages = recentPages();

async function fill() {
  const answer = await fetch(`/-/recent?${new URLSearchParams({ pages: pages.join() })}`);
  if (!answer.ok) return;
  const list = section.querySelector("div");
  list.innerHTML = await answer.text();
  section.hidden = !list.querySelector("a");
}

if (section && pages.length) fill().catch(() => {}); // offline: the section stays hidden
