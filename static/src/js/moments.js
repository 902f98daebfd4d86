// Formats of moments for the reader: in the form that wiki/web/screens/filters.py writes them in, in the
// zone that they chose or else that of the browser.
import { locale } from "./words.js";

const zone = { timeZone: document.documentElement.dataset.zone };
const date = { day: "numeric", month: "short", year: "numeric", ...zone };
const time = { hour: "2-digit", minute: "2-digit" };
export const forms = {
  date: new Intl.DateTimeFormat(locale, date),
  moment: new Intl.DateTimeFormat(locale, { ...date, ...time }),
  day: new Intl.DateTimeFormat(locale, { weekday: "long", ...date }),
};
export const exact = new Intl.DateTimeFormat(locale, { ...date, ...time, timeZoneName: "short" });
