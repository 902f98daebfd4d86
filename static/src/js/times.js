// Moments are told in the reader's own zone, and how long ago they were stays true while a page is
// open.
import { exact, forms } from "./moments.js";
import { locale, t } from "./words.js";

const ages = [["minute", 60, 60], ["hour", 3600, 24], ["day", 86400, 14]];
const relative = new Intl.RelativeTimeFormat(locale, { numeric: "always" });

function ago(when, inSentence) {
  const age = (Date.now() - when) / 1000;
  if (age < 60) return t("just now");
  for (const [unit, seconds, most] of ages) {
    const count = Math.floor(age / seconds);
    if (count < most) return relative.format(-count, unit);
  }
  const date = forms.date.format(when);
  return inSentence ? t("on %(date)s", { date }) : date;
}

function refresh() {
  // What an author wrote in a page stays as they wrote it.
  for (const element of document.querySelectorAll("time[datetime]:not(.prose *)")) {
    const when = new Date(element.dateTime);
    if (Number.isNaN(when.valueOf())) continue;
    element.title = exact.format(when);
    const form = forms[element.dataset.form];
    element.textContent = form ? form.format(when) : ago(when, element.dataset.form === "said");
  }
}

// Lists come in days of UTC: rows go below the day that theirs is here.
function regroup() {
  const groups = [...document.querySelectorAll(".day-group")];
  const rows = groups.flatMap((group) => [...group.querySelector(".rows").children]);
  if (!rows.length) return;
  const dayOf = (row) => new Date(row.querySelector(".row-side time").dateTime);
  const place = groups[0].parentNode;
  const behind = groups.at(-1).nextSibling;
  let heading = "";
  let list;
  for (const group of groups) group.remove();
  for (const row of rows) {
    const day = forms.day.format(dayOf(row));
    if (day !== heading) {
      heading = day;
      const group = groups[0].cloneNode(false);
      group.append(groups[0].firstElementChild.cloneNode(true), groups[0].querySelector(".rows").cloneNode(false));
      group.querySelector("time").dateTime = dayOf(row).toISOString();
      list = group.querySelector(".rows");
      place.insertBefore(group, behind);
    }
    list.append(row);
  }
}

regroup();
refresh();
setInterval(refresh, 60000);
