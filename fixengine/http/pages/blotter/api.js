// What REST says, or why it says nothing.

const PATIENCE = 4000; // milliseconds
const DECIDED_WITHIN = 8000; // a request to change waits for a claim to end

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

// Ask for a change. Whatever the answer, it comes back; without one, or with half of one, this throws.
export async function post(path, { body, token, key }) {
  const answer = await fetch(path, {
    method: "POST",
    cache: "no-store",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json", "Idempotency-Key": key },
    body,
    signal: AbortSignal.timeout(DECIDED_WITHIN),
  });
  const said = answer.ok ? await answer.json() : ((await answer.json().catch(() => null)) ?? {});
  return { status: answer.status, body: said, wait: answer.headers.get("Retry-After") };
}
