// Lists of items by a model that miqrec exported: histories and lists are in the shop's own ids.

import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe } from "./description.mjs";

export class Recommender {
  /** Load an exported model. */
  static async load(path) {
    const [session, description] = [await InferenceSession.create(path), await describe(path)];
    return new Recommender(session, description);
  }

  constructor(session, { items, inference, k }) {
    if (Array.isArray(inference.exclude_seen))
      throw new Error("this model leaves out what was seen by the kind of event; export it without kinds");
    this.session = session;
    this.items = items.item; // entry i has the internal id i + 1
    this.titles = items.title;
    this.ids = new Map(this.items.map((item, place) => [String(item), place + 1]));
    this.excludesSeen = inference.exclude_seen;
    this.longest = k;
  }

  /** Recommend after each history (oldest item first); after one without a known item, what is popular. */
  async recommend(histories, k = 10) {
    if (k > this.longest) throw new Error(`this model's lists have ${this.longest} items at most`);
    const known = histories.map((history) => history.map((item) => this.ids.get(String(item))).filter(Boolean));
    const items = padded(known);
    const { ids, best } = await this.session.run({
      items,
      lengths: new Tensor("int64", known.map((history) => BigInt(history.length)), [known.length]),
      excluded: this.excludesSeen ? items : padded(known.map(() => [])),
    });
    return known.map((_, row) => this.#list(row * this.longest, k, ids.data, best.data));
  }

  #list(start, k, ids, scores) {
    const places = Array.from({ length: k }, (_, place) => start + place);
    return places
      .filter((place) => scores[place] > -Infinity) // there may be fewer candidates than k
      .map((place) => {
        const at = Number(ids[place]) - 1;
        const item = this.items[at];
        return { item, title: this.titles?.[at] ?? String(item), score: scores[place] };
      });
  }
}

/** Put rows of different lengths into one table, padded with 0 on the right. */
function padded(rows) {
  const width = Math.max(1, ...rows.map((row) => row.length));
  const table = new BigInt64Array(rows.length * width);
  rows.forEach((row, at) => row.forEach((id, place) => (table[at * width + place] = BigInt(id))));
  return new Tensor("int64", table, [rows.length, width]);
}
