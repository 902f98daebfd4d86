// Texts in the reader's language, which the screen has loaded before this where it is not English.
// Scripts write them as literals in double quotes, so that the build finds them.
const words = globalThis.trellisWords ?? {};
const language = document.documentElement.lang;

/** The locale whose formats of dates and numbers the reader sees; British for English. */
export const locale = language === "en" ? "en-GB" : language;
const numbers = new Intl.NumberFormat(locale);
const plurals = new Intl.PluralRules(locale);

const filled = (text, values) => text.replace(/%\((\w+)\)s/g, (whole, name) => values[name] ?? whole);

export function t(text, values = {}) {
  return filled(words[text] ?? text, values);
}

export function tn(one, many, num, values = {}) {
  const forms = words[one] ?? { one, other: many };
  return filled(forms[plurals.select(num)] ?? forms.other, { num: numbers.format(num), ...values });
}
