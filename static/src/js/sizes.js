// Sizes in bytes, in the form that the filter `size` of wiki/web/screens/filters.py writes them in.
import { locale, t, tn } from "./words.js";

export function size(count) {
  if (count < 1024) return tn("%(num)s byte", "%(num)s bytes", count);
  let amount = count;
  let units = 0;
  do {
    amount /= 1024;
    units += 1;
  } while (amount >= 1023.5 && units < 3);
  const digits = amount < 9.95 ? 1 : 0;
  const number = new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(amount);
  if (units === 1) return t("%(number)s KiB", { number });
  return units === 2 ? t("%(number)s MiB", { number }) : t("%(number)s GiB", { number });
}
