// The list of recommendations; each item has a button that asks why it is there.

import { latest } from "./api.js";
import { element, find } from "./dom.js";
import { history, question } from "./history.js";
import { mark } from "./sources.js";

const LENGTH = 10;
const asking = latest();

/** Ask for the list and show it; `explain` is called with an item that somebody wants to understand. */
export async function showList(explain) {
  const { history: ids, ...options } = question();
  const body = { histories: [ids], k: LENGTH, ...options };
  const [list] = (await asking("recommend", body)).lists;
  find("list").replaceChildren(
    ...list.items.map(({ item, title, score, rank, source }) =>
      element(
        "li",
        {},
        element("span", { class: "rank", "aria-hidden": "true", text: rank }),
        element("span", { class: "title", text: title }),
        element("span", { class: "when", text: `score ${Number.isInteger(score) ? score : score.toFixed(2)}` }),
        ...mark(source),
        ...(explain && list.source === "model" ? [whyButton(item, title, explain)] : []),
      ),
    ),
  );
  find("said").textContent = sentence(list);
}

function whyButton(item, title, explain) {
  return element("button", {
    type: "button",
    text: "Why?",
    "aria-label": `Why ${title}?`,
    onclick: () => explain(item),
  });
}

function sentence({ items, source, unknown }) {
  if (source === "popularity") return `What is popular: ${items.length} items.`;
  const n = history().length;
  const known = unknown > 0 ? `, ${unknown} of which the model doesn't know` : "";
  return `${items.length} items after ${n} ${n === 1 ? "item" : "items"}${known}.`;
}
