// SPDX-License-Identifier: Apache-2.0
// Tables of any length, shown page by page.
'use strict';

function pagedTable(caption, heads, count, rowAt, perPage) {
  const body = html('tbody'), pages = Math.max(1, Math.ceil(count / perPage));
  const where = html('span', { class: 'where', 'aria-live': 'polite' });
  const number = html('input', { type: 'number', min: 1, max: pages, 'aria-label': `page of ${caption}`, inputmode: 'numeric' });
  const turn = (name, by) => {
    const button = html('button', { type: 'button', 'aria-label': `${by < 0 ? 'previous' : 'next'} page of ${caption}` }, name);
    button.addEventListener('click', () => show(current + by));
    return button;
  };
  const back = turn('‹', -1), on = turn('›', 1);
  let current = 0;
  function show(page) {
    current = Math.max(0, Math.min(pages - 1, page));
    const first = current * perPage, last = Math.min(count, first + perPage);
    body.replaceChildren(...Array.from({ length: last - first }, (_, k) => html('tr', {}, ...rowAt(first + k).map((cell, column) =>
      column === 0 ? html('th', { scope: 'row' }, cell) : html('td', {}, cell)))));
    where.textContent = `${first + 1} to ${last} of ${count}`;
    number.value = String(current + 1);
    back.disabled = current === 0;
    on.disabled = current === pages - 1;
  }
  number.addEventListener('change', () => show((Number(number.value) || 1) - 1));
  show(0);
  const table = html('table', {}, html('caption', { class: 'unseen' }, caption),
    html('thead', {}, html('tr', {}, ...heads.map(head => html('th', { scope: 'col' }, head)))), body);
  const pager = html('div', { class: 'pager' }, back, html('label', {}, 'page ', number, ` of ${pages}`), on, where);
  return html('div', { class: 'paged' },
    html('div', { class: 'scrolls', tabindex: 0, role: 'region', 'aria-label': caption }, table), pages > 1 ? pager : null);
}

// The table of a step: a choice of quantities, and all numbers of the chosen one.
const tableView = {
  choice: document.getElementById('quantity'),
  container: document.getElementById('numbers'),

  fill(step) {
    const before = this.choice.value, groups = new Map();
    for (const tensor of step.tensors) {
      if (!groups.has(tensor.part)) groups.set(tensor.part, html('optgroup', { label: tensor.part }));
      const text = `${tensor.name}: ${tensor.meaning} (${tensor.rows} × ${tensor.columns})`;
      groups.get(tensor.part).append(html('option', { value: tensor.name }, text));
    }
    this.choice.replaceChildren(...groups.values());
    if (step.byName.has(before)) this.choice.value = before;
    this.show(step.byName.get(this.choice.value));
  },

  show(tensor) {
    const article = articleOf(tensor), whole = wholeFormula(tensor);
    const line = k => {
      const entry = Entry.at(tensor, k), origin = originOf(entry);
      return [numberButton(entry, entry.name), exact(entry.engine, tensor.isFloat), exact(entry.truth, false),
              rough(entry.engine - entry.truth), rough(entry.bound), ...(this.hasOrigins(tensor) ? [origin] : [])];
    };
    const heads = ['number', 'engine', 'reference', 'difference', 'bound', ...(this.hasOrigins(tensor) ? ['meaning'] : [])];
    this.container.replaceChildren(
      html('div', { class: 'formula-of-table' }, whole === null ? '' : mathBlock(whole),
        html('p', { class: 'article' }, article)),
      pagedTable(`${tensor.name}: ${tensor.meaning}`, heads, tensor.size, line, 25));
  },
  hasOrigins: tensor => originOf(new Entry(tensor, 0, 0)) !== '',
};
