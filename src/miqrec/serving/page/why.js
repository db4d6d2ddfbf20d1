// Why an item is recommended: what each item of the history is worth to it.

import { latest } from "./api.js";
import { ago, bar, element, find } from "./dom.js";
import { question } from "./history.js";

const SHOWN = 8;
const asking = latest();

/** Hide what was explained of another history. */
export function forgetReasons() {
  find("why").hidden = true;
}

export async function explain(item) {
  const answer = await asking("explain", { ...question(), items: [item] });
  const [{ title, rank, because }] = answer.explained;
  const size = ({ influence }) => Math.abs(influence ?? 0);
  const bySize = [...because].sort((one, other) => size(other) - size(one)); // what speaks against it too
  find("why-title").textContent = `Why ${title}?`;
  find("reasons").replaceChildren(
    element("p", {
      text: `${title} stands at place ${rank}. Had one of these items not been there, this would have changed:`,
    }),
    element(
      "ul",
      { class: "bars" },
      ...bySize.slice(0, SHOWN).map((reason) => reasonRow(reason, rank, size(bySize[0]), EFFECTS[answer.measured])),
    ),
    ...(because.length > SHOWN
      ? [element("p", { class: "hint", text: `${because.length - SHOWN} more items count less.` })]
      : []),
  );
  find("why").hidden = false;
  find("why").focus();
}

function reasonRow({ title, position, influence, rank_without: without }, rank, largest, effect) {
  return element(
    "li",
    {},
    element("span", { class: "title", text: title }),
    element("span", { class: "when", text: ago(position) }),
    bar(influence ?? 0, largest, `${influence === null ? "nothing would be left to go by" : effect(influence)}; ${place(without, rank)}`),
  );
}

/** Say what an influence means, by what it was measured on. */
const EFFECTS = {
  probability: (influence) => `makes it ${factor(Math.exp(influence))} times as likely`,
  score: (influence) => `changes its score by ${influence.toFixed(0)}`,
};

function factor(times) {
  if (times >= 1000) return "over a thousand";
  return times < 0.01 ? "less than 0.01" : times.toFixed(times < 10 ? 2 : 0);
}

function place(without, rank) {
  return without === rank ? "same place without it" : `place ${without} without it`;
}
