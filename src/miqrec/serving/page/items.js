// Searching items, for the fields in which they are chosen.

export const searchItems = (text) => [`items?limit=12&search=${encodeURIComponent(text)}`];

export const foundItems = ({ items }) =>
  items.map(({ item, title }) => ({ label: title, detail: String(item), value: { item, title } }));
