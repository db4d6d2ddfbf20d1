// A text field with a list of what was found: the combobox pattern of WAI-ARIA, with a list autocompletion.

import { element, find } from "./dom.js";
import { latest } from "./api.js";

const PAUSE = 150; // milliseconds without a key before a search begins

/**
 * Make `#id` a combobox over the list `#id-options`.
 * @param search from the text to what is asked of the service: [path] or [path, body]
 * @param choices from the service's answer to a list of {label, detail, value}
 * @param choose called with the value that was chosen
 * @param fail called with an error
 */
export function combobox(id, { search, choices, choose, fail }) {
  const input = find(id);
  const list = find(`${id}-options`);
  const searching = latest();
  let found = [];
  let active = -1;
  let timer = 0;

  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  list.setAttribute("role", "listbox");
  close();

  function close() {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function point(index) {
    active = index;
    [...list.children].forEach((option, place) => {
      option.setAttribute("aria-selected", String(place === index));
    });
    input.setAttribute("aria-activedescendant", `${list.id}-${index}`);
    list.children[index]?.scrollIntoView({ block: "nearest" });
  }

  function take(index) {
    const chosen = found[index];
    close();
    input.value = "";
    choose(chosen.value);
  }

  function show() {
    list.replaceChildren(
      ...found.map(({ label, detail }, place) =>
        element(
          "li",
          { role: "option", id: `${list.id}-${place}`, "aria-selected": "false" },
          label,
          ...(detail && detail !== label ? [" ", element("small", { text: detail })] : []),
        ),
      ),
    );
    if (found.length === 0) {
      list.append(element("li", { role: "option", "aria-disabled": "true", text: "Nothing found" }));
    }
    find("found").textContent = `${found.length || "nothing"} found`; // for those who don't see the list
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    active = -1;
    input.removeAttribute("aria-activedescendant");
  }

  async function look() {
    if (input.value.trim() === "") return close();
    try {
      found = choices(await searching(...search(input.value.trim())));
      show();
    } catch (error) {
      if (error.name !== "AbortError") fail(error);
    }
  }

  const keys = {
    ArrowDown: () => (list.hidden ? look() : point((active + 1) % found.length)),
    ArrowUp: () => (list.hidden ? look() : point((active + found.length - (active < 0 ? 0 : 1)) % found.length)),
    Escape: () => {
      if (list.hidden) input.value = "";
      close();
    },
    Enter: () => (active >= 0 ? take(active) : found.length > 0 && !list.hidden ? take(0) : look()),
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE);
  });
  input.addEventListener("keydown", (event) => {
    if (!(event.key in keys)) return;
    event.preventDefault();
    if (found.length > 0 || list.hidden || event.key === "Escape") keys[event.key]();
  });
  input.addEventListener("blur", close);
  list.addEventListener("mousedown", (event) => {
    event.preventDefault(); // the field keeps the focus
    const place = [...list.children].indexOf(event.target.closest("[role=option]"));
    if (found[place]) take(place);
  });
}
