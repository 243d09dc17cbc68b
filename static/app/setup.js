/**
 * The test of a token, shown as it goes on.
 *
 * Rules that hold here: what comes from the vendor is text and never markup; one test at a time; nothing that was typed is lost by it.
 */
import { begin, part, showFault, showStep, showVerdict, told } from "./steps.js";

const form = document.querySelector("form[data-trial]");

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

/** @param {Record<string, any>} event How it ended, and what the server wants back to keep it. */
function end(event) {
  showVerdict(event);
  const keep = /** @type {HTMLFormElement} */ (part("keep"));
  /** @type {HTMLInputElement} */ (keep.elements.namedItem("keep")).value = event.keep;
  part("anyway", keep).hidden = event.sure;
  keep.hidden = false;
}

/** @param {Record<string, any>} event */
function show(event) {
  if ("step" in event) showStep(event);
  else if ("glimpse" in event) showGlimpse(event);
  else if ("verdict" in event) end(event);
  else if ("fault" in event) {
    part("heard").hidden = true;
    showFault(event.fault, event.faults);
  }
}

if (form instanceof HTMLFormElement) {
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button.loud"));
  const label = button.textContent;
  form.addEventListener("submit", async (event) => {
    const asked = /** @type {HTMLButtonElement | null} */ (event.submitter);
    if (asked && asked.value.startsWith("row:")) return;
    event.preventDefault();
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    button.textContent = button.dataset.busy ?? label;
    part("glimpses").hidden = true;
    part("glimpses").querySelector("tbody").replaceChildren();
    part("keep").hidden = true;
    begin();
    try {
      await told(form, new FormData(form), show);
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
