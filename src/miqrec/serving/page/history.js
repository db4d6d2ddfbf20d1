// The history that the page asks about, oldest item first, and its list with a button to take each item out.

import { ago, element, find } from "./dom.js";

let items = [];
let mix = "";
const watchers = [];

/** What every question to the service has. */
export function question() {
  const asked = { history: items.map(({ item }) => item) };
  return mix === "" ? asked : { ...asked, mix: mix.split(" ").map(Number) };
}

export const history = () => items;

/** Call a function whenever the history or the mixture changes. */
export function onChange(watcher) {
  watchers.push(watcher);
}

export function replaceHistory(newItems) {
  items = newItems;
  show();
}

export function addItem(item) {
  replaceHistory([...items, item]);
}

export function listenForMix() {
  find("mix").addEventListener("change", ({ target }) => {
    mix = target.value;
    show();
  });
}

function takeOut(place) {
  items = items.filter((_, other) => other !== place);
  show();
  const buttons = find("items").querySelectorAll("button");
  (buttons[Math.min(place, buttons.length - 1)] ?? find("item")).focus();
}

function show() {
  find("no-items").hidden = items.length > 0;
  find("items").replaceChildren(
    ...items.map(({ title }, place) =>
      element(
        "li",
        {},
        element("span", { class: "title", text: title }),
        element("span", { class: "when", text: ago(items.length - 1 - place) }),
        element("button", {
          type: "button",
          text: "Remove",
          "aria-label": `Remove ${title}, ${ago(items.length - 1 - place)}`,
          onclick: () => takeOut(place),
        }),
      ),
    ),
  );
  find("items").scrollTop = find("items").scrollHeight; // the newest are in sight
  watchers.forEach((watcher) => watcher());
}
