/**
 * What is done at a vendor so that it posts to us, shown as it goes on.
 *
 * Rules that hold here: one errand at a time; what was begun is done to its end by the server, whether or not this page stays.
 */
import { begin, part, showFault, showStep, showVerdict, told } from "./steps.js";

let busy = false;

/** @param {Record<string, any>} event */
function show(event) {
  if ("step" in event) showStep(event);
  else if ("verdict" in event) showVerdict(event);
  else if ("fault" in event) {
    part("heard").hidden = true;
    showFault(event.fault);
    part("fault").scrollIntoView({ block: "center" });
  }
}

for (const form of document.querySelectorAll("form[data-errand]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = /** @type {HTMLButtonElement} */ (event.submitter);
    if (busy || !button) return;
    busy = true;
    const label = button.textContent;
    button.textContent = button.dataset.busy ?? label;
    button.setAttribute("aria-disabled", "true");
    const sent = new FormData(form);
    sent.set("do", button.value);
    begin();
    try {
      await told(form, sent, show);
    } catch {
      // Asked twice it would be done twice: whoever looks again sees how it stands.
      window.location.reload();
    } finally {
      busy = false;
      button.textContent = label;
      button.removeAttribute("aria-disabled");
    }
  });
}
