// What spoke: the positions and queries with their weights, and a heat map of where each looked.

import { latest } from "./api.js";
import { ago, bar, element, find, percent } from "./dom.js";
import { question } from "./history.js";

const SHOWN = 15; // items of the history with a row of their own
const asking = latest();
let layer = null;

export async function showWindow() {
  show(await asking("inspect", question()));
}

function show(seen) {
  const body = find("window-body");
  if (seen.answers.length === 0) {
    const sentence = seen.history.length === 0
      ? "Popularity answers here, whatever the history."
      : "This model counts, and no position of a history speaks.";
    body.replaceChildren(element("p", { class: "hint", text: sentence }));
    return;
  }
  body.replaceChildren(shares(seen), ...(seen.queries.length > 0 ? [attention(seen)] : [withoutQueries()]));
}

function shares({ answers, history }) {
  const newestFirst = [...history].reverse();
  return element(
    "section",
    {},
    element("h3", { text: answers.length === 1 ? "One position answers" : `${answers.length} positions answer` }),
    element(
      "ul",
      { class: "bars" },
      ...answers.map(({ position, share }) =>
        element(
          "li",
          {},
          element("span", { class: "title", text: newestFirst[position].title }),
          element("span", { class: "when", text: ago(position) }),
          bar(share, 1, percent(share)),
        ),
      ),
    ),
  );
}

function withoutQueries() {
  return element("p", { class: "hint", text: "This model has no attention that tells where it looks." });
}

function attention(seen) {
  const layers = [...new Set(seen.queries.map((query) => query.layer))];
  layer = layers.includes(layer) ? layer : layers.at(-1);
  const choice = element(
    "select",
    { id: "layer" },
    ...layers.map((number) => element("option", { value: number, text: `layer ${number} of ${layers.length}` })),
  );
  choice.value = layer;
  const map = element("div", {}, heatMap(seen));
  choice.addEventListener("change", () => {
    layer = Number(choice.value);
    map.replaceChildren(heatMap(seen));
  });
  return element(
    "section",
    {},
    element("h3", { text: "Where attention looked" }),
    element("p", { class: "short" }, element("label", { for: "layer", text: "Layer of attention" }), choice),
    map,
    element("p", {
      class: "hint",
      text:
        "Each column is a question, with its weight, and sums to 100 %; before the first item learned stand-ins ask. " +
        "Looking at an item doesn't mean that it counts: " +
        "“Why?” beside a recommendation measures that.",
    }),
  );
}

function heatMap({ queries, history, answers }) {
  const columns = queries.filter((query) => query.layer === layer);
  const newestFirst = [...history].reverse();
  const shown = newestFirst.slice(0, SHOWN);
  const looks = columns.map((query) => [...query.looks].reverse());
  const rows = shown.map(({ title, position }, place) =>
    row(title, ago(position), looks.map((look) => look[place])),
  );
  if (newestFirst.length > SHOWN) {
    const rest = looks.map((look) => look.slice(SHOWN).reduce((sum, share) => sum + share, 0));
    rows.push(row(`${newestFirst.length - SHOWN} older items together`, "", rest));
  }
  return element(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": "Where attention looked" },
    element(
      "table",
      { class: "heat" },
      element("caption", { text: `Shares of attention in layer ${layer}` }),
      ...headers(columns, answers),
      element("tbody", {}, ...rows),
    ),
  );
}

/** Name who asks in each column; where several positions answer, the columns of each stand together. */
function headers(columns, answers) {
  const each = columns.length / answers.length;
  const groups = answers.map(({ position }) =>
    element("th", { scope: "colgroup", colspan: each, text: `${ago(position)} answers` }),
  );
  const item = (rows) => element("th", { scope: "col", rowspan: rows, text: "Item" });
  const names = columns.map(header);
  const rows = answers.length === 1 ? [[item(1), ...names]] : [[item(2), ...groups], names];
  const spans = answers.map(() => element("colgroup", { span: each }));
  return [element("colgroup"), ...spans, element("thead", {}, ...rows.map((row) => element("tr", {}, ...row)))];
}

function header({ answer, query, title, weight }) {
  return element(
    "th",
    { scope: "col" },
    element("span", { class: "asker", text: title === null ? "stand-in" : ago(answer + query) }),
    element("span", { class: "weight", text: percent(weight) }),
  );
}

function row(title, when, shares) {
  return element(
    "tr",
    {},
    element("th", { scope: "row" }, title, " ", element("small", { text: when })),
    ...shares.map((share) => {
      const cell = element("td", { text: percent(share) });
      cell.style.setProperty("--heat", `${Math.round(100 * Math.sqrt(share))}%`);
      return cell;
    }),
  );
}
