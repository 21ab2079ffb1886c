// SPDX-License-Identifier: Apache-2.0
// The panel of one number: its formula with symbols and with numbers, the result, and links to related numbers.
'use strict';

function html(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) made.setAttribute(name, value);
  made.append(...children.filter(child => child !== null));
  return made;
}

// A button that leads to a number by a click or the Enter key.
function numberButton(entry, ...content) {
  const usual = () => [html('span', { class: 'name' }, entry.name), html('span', { class: 'value' }, short(entry.engine))];
  return html('button', { type: 'button', class: 'number', 'data-key': entry.key }, ...(content.length > 0 ? content : usual()));
}

function leadingTo(entry, inner) {
  inner.setAttribute('data-key', entry.key);
  inner.setAttribute('tabindex', 0);
  inner.setAttribute('role', 'link');
  inner.setAttribute('aria-label', `${entry.name} = ${short(entry.engine)}`);
  inner.setAttribute('class', 'leads');
  return inner;
}

const asSymbol = entry => leadingTo(entry, row(symbolInMath(entry.tensor, entry)));
function asNumber(entry, alone) {
  const text = short(entry.engine), number = mathOfSigned(text), needsBrackets = !alone && text.startsWith('−');
  return leadingTo(entry, needsBrackets ? row(math('mo', '('), number, math('mo', ')')) : row(number));
}


function formulaLines(entry, made) {
  const tokens = tokensOfDerivation(made, made.count <= 5 ? 5 : 3), lines = html('div', { class: 'lines' });
  const line = (name, inner, symbol) =>
    lines.append(html('div', { class: `line ${symbol}`, role: 'group', 'aria-label': name }, mathBlock(inner)));
  line('formula with symbols', row(symbolInMath(entry.tensor, entry), math('mo', '='), setInMath(tokens, asSymbol)), 'symbols');
  line('formula with numbers', row(math('mo', '='), setInMath(tokens, asNumber)), 'numbers');
  line('result', row(math('mo', '='), mathOfSigned(exact(entry.engine, entry.tensor.isFloat))), 'result');
  return lines;
}

function checkLine(entry, made) {
  const found = recomputed(entry, made);
  if (found === null) return null;
  const text = found.agrees ? `The factors shown give ${short(found.value)}, which equals the result within its bound.`
                            : `The factors shown give ${found.value}, which differs from the result by more than its bound.`;
  return html('p', { class: `check ${found.agrees ? 'agrees' : 'differs'}` }, text);
}

function resultTable(entry) {
  const { isFloat } = entry.tensor, beyond = entry.isWithin ? '' : 'beyond';
  const line = (name, value, note, more = '') => html('tr', { 'data-field': name, class: more },
    html('th', { scope: 'row' }, name), html('td', {}, value), html('td', { class: 'what' }, note));
  return html('table', { class: 'result' }, html('caption', { class: 'unseen' }, `${entry.name}: the result`), html('tbody', {},
    line('engine', exact(entry.engine, isFloat), isFloat ? 'as in training, in float' : 'kept in double'),
    line('reference', exact(entry.truth, false), 'in double'),
    line('difference', rough(entry.engine - entry.truth), entry.isWithin ? 'engine − reference' : 'above the bound', beyond),
    line('bound', rough(entry.bound), 'for rounding errors')));
}

// Every factor as a plain button, for browsers and screen readers without MathML, and for sums of many terms.
function factorsTable(entry, made) {
  const factors = k => made.term(k).factors;
  const withProducts = made.count > 1 && factors(0).length > 1 && Number.isFinite(valueOfTerm(made.term(0)));
  const rowAt = k => [String(k + 1), html('span', { class: 'factors' }, ...factors(k).map(factor => numberButton(factor))),
                      ...(withProducts ? [short(valueOfTerm(made.term(k)))] : [])];
  const around = [...made.before.factors, ...made.after.factors];
  const heads = ['term', 'factors', ...(withProducts ? ['gives'] : [])];
  const title = made.count > 1 ? `Computed from ${made.count} terms` : 'Computed from';
  return html('details', { class: 'made-of', open: '' }, html('summary', {}, title),
    around.length > 0 ? html('p', { class: 'chips' }, ...around.map(factor => numberButton(factor))) : null,
    made.count > 1 ? pagedTable('The terms', heads, made.count, rowAt, 8)
                   : html('p', { class: 'chips' }, ...factors(0).map(factor => numberButton(factor))));
}

// The other numbers of the same unit or link, in the order of the step.
function relatives(entry) {
  const { tensor } = entry, { step } = tensor, all = [];
  const add = (of, line, column) => all.push(new Entry(of, line, column));
  const isOutput = of => of.axes === 'units' && (of.layer === 0 || of.layer === layerCount);
  for (const of of step.tensors) {
    if (of.axes === tensor.axes && of.layer === tensor.layer) add(of, entry.row, entry.column);
    else if (tensor.axes === 'units' && of.axes === 'biases' && of.layer === tensor.layer - 1) add(of, entry.column, 0);
    else if (tensor.axes === 'biases' && of.axes === 'units' && of.layer === tensor.layer + 1) add(of, page.row, entry.row);
    else if (isOutput(of) && isOutput(tensor)) add(of, entry.row, entry.column);
  }
  return all;
}

function neighbors(entry) {
  const { step } = entry.tensor;
  if (entry.tensor.axes === 'weights') {
    const below = step.byName.get(`a${entry.tensor.layer}`), above = step.byName.get(`z${entry.tensor.layer + 1}`);
    return [['It leads from', [new Entry(below, page.row, entry.column)]], ['to', [new Entry(above, page.row, entry.row)]]];
  }
  const lists = [], unit = entry.unit;
  if (entry.tensor.axes !== 'units' || entry.tensor.layer === 0) return lists;
  const into = step.byName.get(`W${entry.layer - 1}`), out = step.byName.get(`W${entry.layer}`);
  if (into !== undefined) lists.push(['Weights into it', Array.from({ length: into.columns }, (_, j) => new Entry(into, unit, j))]);
  if (out !== undefined) lists.push(['Weights out of it', Array.from({ length: out.rows }, (_, i) => new Entry(out, i, unit))]);
  return lists;
}

function chips(title, entries, chosen, most = 12) {
  const shown = entries.slice(0, most);
  const left = `and ${entries.length - most} more in the table below`;
  const more = entries.length > most ? [html('span', { class: 'more' }, left)] : [];
  return html('div', { class: 'related' }, html('h3', {}, title), html('p', { class: 'chips' }, ...shown.map(each => {
    const button = numberButton(each);
    if (each.key === chosen.key) button.setAttribute('aria-current', 'true');
    return button;
  }), ...more));
}

function panelOf(entry) {
  const { tensor } = entry, made = derivationOf(entry), origin = originOf(entry), article = articleOf(tensor);
  const ofRow = manyRows && ['units', 'rows'].includes(tensor.axes) ? `, row ${explained.rows[entry.row]}` : '';
  const given = tensor.after ? 'Computed by a separate forward pass with the new weights.' : 'Given, not computed in this step.';
  const family = { weights: 'This weight', rows: 'This row', single: 'This step' }[tensor.axes] ?? 'This unit';
  const parts = [
    html('h2', { id: 'panel-title', tabindex: -1 }, mathInline(symbolInMath(tensor, entry)), html('code', {}, entry.name)),
    html('p', { class: 'meaning' }, tensor.meaning + ofRow,
      article === '' ? null : html('span', { class: 'article' }, article)),
  ];
  if (origin !== '') parts.push(html('p', { class: 'origin' }, origin));
  const whole = wholeFormula(tensor);
  const label = 'formula of the whole quantity';
  if (whole !== null) parts.push(html('div', { class: 'whole', role: 'group', 'aria-label': label }, mathBlock(whole)));
  if (made.count > 0) parts.push(formulaLines(entry, made), checkLine(entry, made) ?? '');
  else parts.push(html('p', { class: 'given' }, given));
  parts.push(resultTable(entry));
  if (made.count > 0 && (made.count > 1 || made.term(0).factors.length > 0)) parts.push(factorsTable(entry, made));
  const related = relatives(entry);
  if (related.length > 1) parts.push(chips(family, related, entry, related.length));
  for (const [title, entries] of neighbors(entry)) parts.push(chips(title, entries, entry));
  return parts;
}
