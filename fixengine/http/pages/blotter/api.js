// What REST says, or why it says nothing.

const PATIENCE = 4000; // milliseconds

export async function get(path) {
  let answer;
  try {
    answer = await fetch(path, {
      cache: "no-store",
      // an answer that another page got within this second will do
      headers: { "Cache-Control": "max-age=1" },
      signal: AbortSignal.timeout(PATIENCE),
    });
  } catch {
    throw new Error("the engine does not answer");
  }
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok && body.ready === undefined) {
    const error = new Error(body.detail ?? `the engine answers ${answer.status}`);
    error.status = answer.status;
    throw error;
  }
  const next = /<([^>]*)>; *rel="next"/.exec(answer.headers.get("Link") ?? "");
  return { body, next: next && path.replace(/\?.*|$/, next[1]) };
}
