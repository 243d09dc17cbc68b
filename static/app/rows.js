/** Gives a list of options another row on the page itself; without this script the server gives it one. */

for (const button of document.querySelectorAll("button[data-another]")) {
  button.addEventListener("click", (event) => {
    event.preventDefault();
    const rows = [...button.closest("[data-rows]").querySelectorAll(".entry")];
    const last = rows[rows.length - 1];
    const row = /** @type {HTMLElement} */ (last.cloneNode(true));
    const was = `${button.dataset.another}-${rows.length - 1}-`;
    const now = `${button.dataset.another}-${rows.length}-`;
    row.setAttribute("aria-label", `${button.dataset.says} ${rows.length + 1}`);
    for (const field of row.querySelectorAll("input, textarea")) {
      field.value = "";
      field.textContent = "";
      field.id = field.id.replace(was, now);
      field.name = field.name.replace(was, now);
    }
    for (const label of row.querySelectorAll("label")) label.htmlFor = label.htmlFor.replace(was, now);
    last.after(row);
    row.querySelector("input").focus();
  });
}
