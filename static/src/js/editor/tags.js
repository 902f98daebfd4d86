// Tags are offered while one types: a suggestion takes the place of the whole field, so each begins
// with the tags that stand before the last comma. Without this they begin with those saved before.
export function offerTags(field) {
  const offers = [...(field.list?.options ?? [])];
  field.addEventListener("input", () => {
    const typed = field.value.split(",");
    const before = typed.slice(0, -1).map((tag) => tag.trim()).filter(Boolean);
    const known = new Set(before.map((tag) => tag.toLowerCase()));
    for (const offer of offers) {
      const { tag } = offer.dataset;
      offer.disabled = known.has(tag.toLowerCase());
      offer.value = [...before, tag].join(", ");
    }
  });
}
