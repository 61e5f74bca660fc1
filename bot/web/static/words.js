/** The words of the page: they stand in its template, none stands in a script. */

const known = new Map(
  [...document.getElementById("words").content.querySelectorAll("[data-word]")].map(
    (element) => [element.dataset.word, element.textContent],
  ),
);

export const has = (name) => known.has(name);

/** The words of that name, with `{values}` filled in. */
export function word(name, values = {}) {
  return known.get(name).replace(/\{(\w+)\}/g, (_, key) => values[key]);
}
