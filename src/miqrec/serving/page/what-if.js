// What if a click was noise: the list beside itself after leaving an item out or putting another in its place.

import { latest } from "./api.js";
import { combobox } from "./combobox.js";
import { BEFORE_AND_AFTER, comparison } from "./compared.js";
import { ago, element, find } from "./dom.js";
import { history, question } from "./history.js";
import { foundItems, searchItems } from "./items.js";

const asking = latest();
let other = null; // the item that takes the click's place

export function listenForChanges(guard) {
  const show = () => guard(showWhatIf());
  find("change").addEventListener("change", show);
  for (const radio of document.querySelectorAll("input[name=how]")) {
    radio.addEventListener("change", () => {
      if (radio.value === "drop") show();
      else if (other === null) find("other").focus();
      else show();
    });
  }
  combobox("other", {
    search: searchItems,
    choices: foundItems,
    choose: (item) => {
      other = item;
      find("other").value = item.title;
      document.querySelector("input[name=how][value=replace]").checked = true;
      show();
    },
    fail: (error) => guard(Promise.reject(error)),
  });
}

/** Offer the clicks of the history, the last one first. */
export function offerClicks() {
  const newestFirst = [...history()].reverse();
  find("change").replaceChildren(
    ...newestFirst.map(({ title }, position) =>
      element("option", { value: position, text: `${ago(position)}: ${title}` }),
    ),
  );
}

export async function showWhatIf() {
  const place = find("after-change");
  if (history().length === 0) {
    place.replaceChildren(element("p", { class: "hint", text: "Add an item first." }));
    return;
  }
  const replaced = document.querySelector("input[name=how]:checked").value === "replace";
  if (replaced && other === null) return;
  const change = { position: Number(find("change").value), item: replaced ? other.item : null };
  const answer = await asking("what-if", { ...question(), changes: [change] });
  const name = replaced ? `with ${other.title} instead` : "without the click";
  place.replaceChildren(comparison(answer, ["as it is", name], BEFORE_AND_AFTER));
}
