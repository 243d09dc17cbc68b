/**
 * The test of a token, shown as it goes on: the server tells one JSON object a line, and each becomes text on the page.
 *
 * Rules that hold here: without this script the same form gives the same answer, all at once; what comes from the vendor is text and
 * never markup; one test at a time.
 */
const form = document.querySelector("form[data-trial]");

/** @param {string} name @param {ParentNode} [within] @returns {HTMLElement} */
const part = (name, within = document) => /** @type {HTMLElement} */ (within.querySelector(`[data-${name}]`));

/** @param {Record<string, string>} event One door and how it stands. */
function showStep(event) {
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

/** @param {Record<string, string>} event What one frame told, masked. */
function showGlimpse(event) {
  const row = document.createElement("tr");
  for (const text of [event.at, event.glimpse, event.state, event.queue, event.agent, event.number]) {
    row.insertCell().textContent = text;
  }
  const table = part("glimpses");
  table.querySelector("tbody").append(row);
  table.hidden = false;
}

/** @param {Record<string, any>} event How it ended. */
function showVerdict(event) {
  const verdict = part("verdict");
  verdict.dataset.result = event.verdict;
  verdict.textContent = event.words;
  const keep = /** @type {HTMLFormElement} */ (part("keep"));
  /** @type {HTMLInputElement} */ (keep.elements.namedItem("keep")).value = event.keep;
  part("anyway", keep).hidden = event.sure;
  keep.hidden = false;
}

/** @param {string} words */
function showFault(words) {
  const fault = part("fault");
  fault.textContent = words;
  fault.hidden = !words;
}

/** @param {string} text */
function showLine(text) {
  if (!text.trim()) return;
  const event = JSON.parse(text);
  if ("step" in event) showStep(event);
  else if ("glimpse" in event) showGlimpse(event);
  else if ("verdict" in event) showVerdict(event);
  else if ("fault" in event) showFault(event.fault);
}

/** @param {HTMLFormElement} asked */
async function test(asked) {
  const answer = await fetch(asked.action, { method: "POST", body: new FormData(asked), headers: { Accept: "application/x-ndjson" } });
  if (!answer.ok || !answer.body || !(answer.headers.get("Content-Type") || "").startsWith("application/x-ndjson")) {
    throw new Error(`HTTP ${answer.status}`);
  }
  const lines = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await lines.read();
    const parts = (rest + (value ?? "")).split("\n");
    rest = parts.pop() ?? "";
    parts.forEach(showLine);
    if (done) return;
  }
}

if (form instanceof HTMLFormElement) {
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button.loud"));
  const label = button.textContent;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    button.textContent = button.dataset.busy ?? label;
    showFault("");
    part("steps").replaceChildren();
    part("glimpses").hidden = true;
    part("glimpses").querySelector("tbody").replaceChildren();
    part("verdict").textContent = "";
    part("keep").hidden = true;
    part("heard").hidden = false;
    document.getElementById("heard").focus();
    try {
      await test(form);
    } catch {
      // The connection to our own server went: the form as it is says why.
      form.submit();
      return;
    } finally {
      button.removeAttribute("aria-disabled");
      button.textContent = label;
    }
  });
}
