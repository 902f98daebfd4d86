// Values of table cells as they sort: dates and numbers by the reader's locale, otherwise text.
const locale = supported(navigator.language) ?? "en";

function supported(language) {
  try {
    return Intl.Collator.supportedLocalesOf(language)[0];
  } catch {
    return undefined; // some systems name a locale that isn't one
  }
}

/** The order of day, month and year, and the separators of numbers, in the reader's locale. */
const order = new Intl.DateTimeFormat(locale).formatToParts(new Date(2026, 10, 22))
  .map((part) => part.type).filter((type) => ["day", "month", "year"].includes(type));
const decimal = new Intl.NumberFormat(locale).formatToParts(1.5).find((part) => part.type === "decimal")?.value ?? ".";
const collator = new Intl.Collator(locale, { numeric: true, sensitivity: "base" });

/** Names of months, whole and first three letters, in the reader's language and in English. */
const months = new Map();
for (const language of [locale, "en"]) {
  for (let month = 0; month < 12; month++) {
    for (const form of ["long", "short"]) {
      const name = new Intl.DateTimeFormat(language, { month: form, timeZone: "UTC" }).format(Date.UTC(2026, month, 15));
      months.set(name.toLowerCase().replace(/\.$/, ""), month + 1);
    }
  }
}

const when = (year, month, day) => {
  const date = new Date(Date.UTC(+year, +month - 1, +day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === +day ? date.valueOf() : NaN;
};

/** A date as a number; NaN for anything else. */
export function dateOf(text) {
  const iso = text.match(/^(\d{4})-(\d\d?)-(\d\d?)(?:[T ](\d\d?):(\d\d)(?::(\d\d))?)?/);
  if (iso) return when(iso[1], +iso[2], iso[3]) + ((+(iso[4] ?? 0) * 60 + +(iso[5] ?? 0)) * 60 + +(iso[6] ?? 0)) * 1000;
  const numeric = text.match(/^(\d{1,4})([./-])\s?(\d{1,2})\2\s?(\d{1,4})$/);
  if (numeric) {
    const [, first, mark, second, third] = numeric;
    if (first.length === 4) return when(first, +second, third);
    if (third.length !== 4) return NaN;
    const monthFirst = mark === "/" && order.indexOf("month") < order.indexOf("day");
    return monthFirst ? when(third, +first, second) : when(third, +second, first);
  }
  const named = text.toLowerCase().match(/^(?:(\d{1,2})(?:\.|st|nd|rd|th)?\s+)?(\p{L}+)\.?\s+(?:(\d{1,2})(?:st|nd|rd|th)?,?\s+)?(\d{4})$/u);
  if (named && months.has(named[2])) return when(named[4], months.get(named[2]), named[1] ?? named[3] ?? 1);
  return NaN;
}

const NUMBER = /^([-+−–]?)\s?\p{Sc}?\s?([-+−–]?)(\d[\d.,'’\s]*|[.,]\d+)\s?([^\d]*)$/u;

const GROUPED = /^\d*$|^\d{1,3}(?:[.,'’\s]\d{2,3})+$/u;

/** Which mark is the decimal one in a column: where the numbers leave it open, the reader's. */
function decimalOf(numbers) {
  for (const number of numbers) {
    const dot = number.lastIndexOf(".");
    const comma = number.lastIndexOf(",");
    if (dot >= 0 && comma >= 0) return dot > comma ? "." : ",";
    const mark = dot >= 0 ? "." : ",";
    const parts = number.split(mark);
    if (parts.length > 2) return mark === "." ? "," : ".";
    if (parts.length === 2 && (parts[1].length !== 3 || parts[0].length > 3 || parts[0] === "0")) return mark;
  }
  return decimal;
}

/** Texts as numbers, all in one unit; undefined if they aren't. */
export function numbersOf(texts) {
  const found = texts.map((text) => text && text.match(NUMBER));
  const filled = found.filter(Boolean);
  if (!filled.length || filled.length !== texts.filter(Boolean).length) return undefined;
  if (new Set(filled.map((match) => match[4].trim())).size > 1) return undefined;
  const mark = decimalOf(filled.map((match) => match[3].trim()));
  const values = found.map((match) => {
    if (!match) return undefined;
    const [whole, part, ...more] = match[3].trim().split(mark);
    if (more.length || !GROUPED.test(whole)) return NaN; // a version or an address
    const sign = /[-−–]/.test(match[1] + match[2]) ? -1 : 1;
    return sign * Number(`${whole.replace(/\D/g, "")}.${part ?? 0}`);
  });
  return values.some((value) => Number.isNaN(value)) ? undefined : values;
}

/** How the values of a column compare: a function of two of their indexes. Empty ones come last. */
export function comparing(texts, direction) {
  const dates = texts.map((text) => (text ? dateOf(text) : undefined));
  const values = dates.some((date) => Number.isNaN(date)) || !texts.some(Boolean) ? numbersOf(texts) : dates;
  return (one, other) => {
    if (!texts[one] || !texts[other]) return Boolean(texts[other]) - Boolean(texts[one]);
    return direction * (values ? values[one] - values[other] : collator.compare(texts[one], texts[other]));
  };
}
