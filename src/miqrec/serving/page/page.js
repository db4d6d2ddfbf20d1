// The page put together: what the service can do decides which panels there are.

import { ask, latest, useKey } from "./api.js";
import { combobox } from "./combobox.js";
import { comparison, SIDE_BY_SIDE } from "./compared.js";
import { element, find } from "./dom.js";
import { addItem, listenForMix, onChange, question, replaceHistory } from "./history.js";
import { foundItems, searchItems } from "./items.js";
import { showList } from "./list.js";
import { listenForChanges, offerClicks, showWhatIf } from "./what-if.js";
import { explain, forgetReasons } from "./why.js";
import { showWindow } from "./window.js";

const EXAMPLE = 4; // items of the example, from the most popular on
const asking = latest();
let panels = []; // what is shown anew when the history changes

/** Show an error of the service as its sentence; ask for a key where one is missing. */
async function guard(work) {
  try {
    await work;
    find("problem").hidden = true;
  } catch (error) {
    if (error.name === "AbortError") return;
    if (error.status === 401) find("key-form").hidden = false;
    find("problem").textContent = error.message;
    find("problem").hidden = false;
  }
}

async function begin() {
  const able = await ask("abilities");
  find("key-form").hidden = true;
  find("model").textContent = `${able.model.model}, version ${able.model.version}, on ${able.model.runtime}`;
  find("users").hidden = !able.users;
  const { explanations, comparisons } = able.missing;
  without("window", explanations);
  without("what-if", comparisons);
  find("beside").hidden = able.beside === null;
  without("beside", comparisons);
  panels = [() => showList(explanations ? null : (item) => guard(explain(item)))];
  if (!explanations) panels.push(showWindow);
  if (!comparisons) panels.push(showWhatIf);
  if (able.beside && !comparisons) panels.push(() => showBeside(able));
  offerClicks();
  await refresh();
}

/** Put the reason in the place of a panel that the service can't fill. */
function without(id, reason) {
  const panel = find(id);
  for (const child of panel.children) if (child.tagName !== "H2") child.hidden = Boolean(reason);
  panel.querySelector(".reason")?.remove();
  if (reason) panel.append(element("p", { class: "hint reason", text: `Not here: ${reason}.` }));
}

async function refresh() {
  forgetReasons();
  await Promise.all(panels.map((panel) => panel()));
}

async function showBeside({ model, beside }) {
  const names = [model, beside].map(({ model: name, version }) => `${name} (${version})`);
  const answer = await asking("compare", question());
  find("after-beside").replaceChildren(comparison(answer, names, SIDE_BY_SIDE));
}

async function takeExample() {
  const { items } = await ask(`items?limit=${EXAMPLE}`);
  replaceHistory(items.map(({ item, title }) => ({ item, title })));
}

async function takeUser(user) {
  const { events } = await ask("history", { user });
  replaceHistory(events.map(({ item, title }) => ({ item, title: title ?? `${item} (unknown)` })));
}

const fail = (error) => guard(Promise.reject(error));

combobox("item", { search: searchItems, choices: foundItems, choose: addItem, fail });
combobox("user", {
  search: (text) => ["users/search", { beginning: text, limit: 12 }],
  choices: ({ users }) => users.map((user) => ({ label: user, value: user })),
  choose: (user) => guard(takeUser(user)),
  fail,
});
listenForMix();
listenForChanges(guard);
onChange(() => {
  offerClicks();
  guard(refresh());
});
find("try").addEventListener("click", () => guard(takeExample()));
find("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  useKey(find("key").value);
  find("key").value = "";
  guard(begin());
});
guard(begin());
