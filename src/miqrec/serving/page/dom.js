// Elements made without HTML in strings, so that nothing that the service says can become markup.

export const find = (id) => document.getElementById(id);

/** Make an element with properties (`class`, `text`, attributes) and children. */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "text") made.textContent = value;
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** A bar beside the number that it shows; the number is what a screen reader reads. */
export function bar(value, largest, text) {
  const share = largest > 0 ? Math.min(Math.abs(value) / largest, 1) : 0;
  const filled = element("span", { class: value < 0 ? "bar against" : "bar", "aria-hidden": "true" });
  filled.style.setProperty("--share", share);
  return element("span", { class: "measured" }, filled, element("span", { class: "value", text }));
}

export const percent = (share) => `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;

/** Call a position by how long ago it was clicked. */
export function ago(position) {
  return position === 0 ? "last click" : `${position} before`;
}
