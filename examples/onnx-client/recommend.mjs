// node recommend.mjs model.onnx 5 < histories.json: a list of histories in, a list of lists out, as JSON.

import { text } from "node:stream/consumers";
import { Recommender } from "./recommender.mjs";

const [model, k = "10"] = process.argv.slice(2);
try {
  if (!model) throw new Error("give a model: node recommend.mjs model.onnx 5 < histories.json");
  const recommender = await Recommender.load(model);
  const lists = await recommender.recommend(JSON.parse(await text(process.stdin)), Number(k));
  console.log(JSON.stringify(lists, null, 2));
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exitCode = 2;
}
