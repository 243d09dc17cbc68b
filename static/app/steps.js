/**
 * What a server tells step by step, one JSON object a line, put on the page as it comes.
 *
 * Rules that hold here: without this script the same form gives the same answer, all at once; whatever comes is text and never markup.
 */

/** @param {string} name @param {ParentNode} [within] @returns {HTMLElement | null} */
export const part = (name, within = document) => within.querySelector(`[data-${name}]`);

/** @param {Record<string, string>} event One step and how it stands. */
export function showStep(event) {
  const list = part("steps");
  let row = [...list.children].find((each) => /** @type {HTMLElement} */ (each).dataset.step === event.step);
  if (!row) {
    row = document.createElement("li");
    for (const [tag, kind] of [["span", "tick"], ["span", "name"], ["span", "said"], ["small", ""]]) {
      const made = document.createElement(tag);
      if (kind) made.className = kind;
      row.append(made, " ");
    }
    row.querySelector(".tick").setAttribute("aria-hidden", "true");
    list.append(row);
  }
  const shown = /** @type {HTMLElement} */ (row);
  shown.dataset.step = event.step;
  shown.dataset.state = event.state;
  shown.querySelector(".name").textContent = event.label;
  shown.querySelector(".said").textContent = event.said;
  shown.querySelector("small").textContent = event.words;
}

/** @param {Record<string, any>} event How it ended. */
export function showVerdict(event) {
  const verdict = part("verdict");
  verdict.dataset.result = event.verdict;
  verdict.textContent = event.words;
}

/** @param {string} words @param {Record<string, string>} [faults] By the name of the field. */
export function showFault(words, faults = {}) {
  const fault = part("fault");
  fault.textContent = words;
  fault.hidden = !words;
  for (const place of document.querySelectorAll("[data-fault-of]")) place.textContent = faults[place.dataset.faultOf] ?? "";
  const first = Object.keys(faults).map((name) => document.getElementsByName(name)[0]).find(Boolean);
  if (first) first.focus();
}

/** Empties what an earlier try has left, and shows where the new one is told. */
export function begin() {
  showFault("");
  part("steps").replaceChildren();
  part("verdict").textContent = "";
  part("heard").hidden = false;
  document.getElementById("heard").focus();
}

/** @param {HTMLFormElement} form @param {FormData} sent @param {(event: Record<string, any>) => void} show */
export async function told(form, sent, show) {
  const answer = await fetch(form.action, { method: "POST", body: sent, headers: { Accept: "application/x-ndjson" } });
  if (!answer.ok || !answer.body || !(answer.headers.get("Content-Type") || "").startsWith("application/x-ndjson")) {
    throw new Error(`HTTP ${answer.status}`);
  }
  const lines = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await lines.read();
    const parts = (rest + (value ?? "")).split("\n");
    rest = parts.pop() ?? "";
    for (const line of parts) if (line.trim()) show(JSON.parse(line));
    if (done) return;
  }
}
