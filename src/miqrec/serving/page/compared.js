// Two lists beside each other, with what moved in words, and how alike they are.

import { bar, element } from "./dom.js";
import { hint, mark } from "./sources.js";

/** What became of an item of the list as it is, and where one of the changed list was before. */
export const BEFORE_AND_AFTER = {
  score: "Stability",
  first: (other, rank) => (other === null ? ["×", "gone"] : other > rank ? ["▼", `falls to ${other}`] : ["▲", `rises to ${other}`]),
  second: (other, rank) => (other === null ? ["+", "new"] : other > rank ? ["▲", `from ${other}`] : ["▼", `from ${other}`]),
};

/** Where an item stands in the other model's list. */
export const SIDE_BY_SIDE = {
  score: "Overlap",
  first: (other) => (other === null ? ["×", "not there"] : ["", `place ${other} there`]),
  second: (other) => (other === null ? ["+", "only here"] : ["", `place ${other} there`]),
};

/** Show a comparison of the service's, with the names of the two lists. */
export function comparison({ first, second, sources, frbo }, names, words) {
  const stayed = first.filter(({ rank, other }) => rank === other).length;
  const left = first.filter(({ other }) => other === null).length;
  const moved = first.length - stayed - left;
  const sentence = `${stayed} in the same place, ${moved} in another, ${left} not in both.`;
  return element(
    "div",
    {},
    element(
      "div",
      { role: "status" },
      element("p", { class: "stability" }, bar(frbo, 1, `${words.score} ${frbo.toFixed(2)} of 1 (FRBO)`)),
      element("p", { class: "hint", text: sentence }),
    ),
    element(
      "div",
      { class: "beside" },
      column(names[0], first, sources[0], words.first),
      column(names[1], second, sources[1], words.second),
    ),
  );
}

function column(name, items, source, words) {
  return element(
    "section",
    { "aria-label": name },
    element("h3", { text: name }),
    ...hint(source),
    element("ol", { class: "list" }, ...items.map((item) => placed(item, words))),
  );
}

function placed({ title, rank, other, source }, words) {
  const [sign, text] = rank === other ? ["=", "same place"] : words(other, rank);
  return element(
    "li",
    {},
    element("span", { class: "rank", "aria-hidden": "true", text: rank }),
    element("span", { class: "title", text: title }),
    ...mark(source),
    element(
      "span",
      { class: other === null ? "move apart" : "move" },
      element("span", { "aria-hidden": "true", text: sign }),
      ` ${text}`,
    ),
  );
}
