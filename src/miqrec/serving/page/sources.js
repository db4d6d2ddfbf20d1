// Where a list and its items come from, in words.

import { element } from "./dom.js";

/** A mark for an item that only its attributes placed; nothing for others. */
export function mark(source) {
  return source === "attributes" ? [element("span", { class: "when", text: "new, placed by its attributes" })] : [];
}

/** A line above a list that popularity answered; nothing above others. */
export function hint(source) {
  return source === "popularity" ? [element("p", { class: "hint", text: "What is popular: nothing here is known to the model." })] : [];
}
