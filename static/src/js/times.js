// Times stay true while a page is open, and their exact form is told in the reader's own zone.
const words = new Intl.RelativeTimeFormat("en", { numeric: "always" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "long", timeStyle: "short" });

function refresh() {
  for (const element of document.querySelectorAll("time[datetime]")) {
    const when = new Date(element.dateTime);
    if (Number.isNaN(when.valueOf())) continue;
    element.title = exact.format(when);
    const minutes = Math.floor((Date.now() - when) / 60000);
    // Older ones read as the server wrote them: they do not change while one looks.
    if (minutes < 1 || minutes >= 24 * 60 || "fixed" in element.dataset) continue;
    element.textContent = minutes < 60
      ? words.format(-minutes, "minute")
      : words.format(-Math.floor(minutes / 60), "hour");
  }
}

refresh();
setInterval(refresh, 60000);
