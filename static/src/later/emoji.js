// Emoji by name. The editor loads it with the first name that one types after a colon.
import { gemoji } from "gemoji";

const MOST = 12;
const all = gemoji.flatMap(({ emoji: character, names, tags }) => names.map((name) => ({ character, name, tags })));

/** @returns the character with exactly this name */
export function named(name) {
  return all.find((one) => one.name === name)?.character;
}

/** @returns those whose name, a word of it or a tag begins with what was typed, the likeliest first */
export function find(typed) {
  const rank = ({ name, tags }) => {
    if (name === typed) return 0;
    if (name.startsWith(typed)) return 1;
    if (name.includes(`_${typed}`)) return 2;
    return tags.some((tag) => tag.startsWith(typed)) ? 3 : 9;
  };
  return all.map((one) => ({ ...one, rank: rank(one) })).filter((one) => one.rank < 9)
    .sort((one, other) => one.rank - other.rank).slice(0, MOST);
}
