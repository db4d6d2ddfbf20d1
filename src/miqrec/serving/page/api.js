// The service's answers, and its errors in its own sentences.

let key = null; // only ever in memory

export function useKey(given) {
  key = given;
}

/** An answer of the service that is an error. */
export class Refusal extends Error {
  constructor(status, code, sentence) {
    super(sentence);
    this.status = status;
    this.code = code;
  }
}

/** Ask the service: a GET without a body, a POST with one. */
export async function ask(path, body, signal) {
  const options = { headers: {}, signal };
  if (key !== null) options.headers.Authorization = `Bearer ${key}`;
  if (body !== undefined) {
    options.method = "POST";
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  const answer = await fetch(path, options).catch((error) => {
    if (error.name === "AbortError") throw error;
    throw new Refusal(0, "unreachable", "The service can't be reached; is it still running?");
  });
  const content = await answer.json().catch(() => ({}));
  if (answer.ok) return content;
  const { code = "unknown", message = `The service answered with status ${answer.status}.` } =
    content.error ?? {};
  throw new Refusal(answer.status, code, message);
}

/** Make a function that asks, and forgets an answer that a later question has overtaken. */
export function latest() {
  let running = null;
  return async (path, body) => {
    running?.abort();
    const own = new AbortController();
    running = own;
    return ask(path, body, own.signal);
  };
}
