// How moments are written for the reader: in their own zone, and in the one form that
// wiki/web/filters.py writes them in.
const locale = "en-GB";
const date = { day: "numeric", month: "short", year: "numeric" };
const time = { hour: "numeric", minute: "2-digit" };
export const forms = {
  date: new Intl.DateTimeFormat(locale, date),
  moment: new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }),
  day: new Intl.DateTimeFormat(locale, { weekday: "long", ...date }),
};
export const exact = new Intl.DateTimeFormat(locale, { ...date, ...time, timeZoneName: "short" });
