// SPDX-License-Identifier: Apache-2.0
// The parts of reports: elements, tables, charts. uPlot draws the curves; a table below each has its numbers.
'use strict';
// Control characters, and marks that reorder or hide text, are legible as escapes.
const legible = (key, value) => typeof value === 'string'
  ? value.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
  : value;
const report = JSON.parse(document.getElementById('data').textContent, legible);
const find = (id) => document.getElementById(id);
const resolved = (name) => {  // light-dark() as the current color
  const probe = document.body.appendChild(html('i', { hidden: '' }));
  probe.style.color = `var(${name})`;
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
};
const baseline = report.task === 'classes' ? 'Baseline: always predicting the most frequent class.' : 'Baseline: always predicting the mean, or the median for mae and median_absolute_error.';
const kColors = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth'];
let colors = {};
const plots = [];

function html(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

// Plain text of the library with the signs of a page; a number and its percent sign stay in one line.
const typeset = (plain) => plain.replaceAll(' -> ', ' → ').replaceAll(' +- ', ' ± ').replace(/(\d) %/g, '$1\u00a0%');
const isNumber = (x) => typeof x === 'number';
const text = (x, digits = 4) => (isNumber(x) ? (Math.abs(x) >= 1e6 || (x !== 0 && Math.abs(x) < 1e-4) ? x.toExponential(digits - 1) : String(Number(x.toPrecision(digits)))) : '–');
const interval = (x) => (isNumber(x.low) ? `${text(x.value)} (${text(x.low)} to ${text(x.high)})` : x.no_interval ? `${text(x.value)} (no interval: ${x.no_interval})` : text(x.value));

// rows: arrays of texts; the first column names the row.
function table(heading, rows, numbers = []) {
  const kind = (k) => (numbers.includes(k) ? { class: 'number' } : {});
  return html('table', {}, html('thead', {}, html('tr', {}, ...heading.map((name, k) => html('th', { scope: 'col', ...kind(k) }, name)))),
    html('tbody', {}, ...rows.map((row) => html('tr', {}, ...row.map((cell, k) => (k === 0 ? html('th', { scope: 'row' }, cell) : html('td', kind(k), cell)))))));
}

function details(name, content) {
  const region = html('div', { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': name }, content);
  return html('details', {}, html('summary', {}, name), region);
}

// Appends a chart with its legend and its numbers. series: [{ name, values, kind }].
function chart(parent, { title, note, x, xName, series, tableName, scatter = false, square = false, log = false, logX = false, mark }) {
  const plot = html('div', { class: 'plot', role: 'img', 'aria-label': `${title}. ${note}` });
  const names = kColors;
  const legend = html('div', { class: 'legend' }, ...series.map((one, k) => html('span', { class: one.kind ?? names[k] }, one.name)));
  const rows = x.map((at, i) => [text(at, 6), ...series.map((one) => text(one.values[i], 6))]);
  parent.append(html('figure', {}, html('figcaption', {}, html('h3', {}, title), html('p', {}, note)), plot, legend,
    details(tableName ?? 'The numbers', table([xName, ...series.map((one) => one.name)], rows, [0, ...series.map((_, k) => k + 1)]))));
  const stroke = (kind) => () => colors[kind];
  const axis = (label) => ({ stroke: stroke('quiet'), grid: { stroke: stroke('rule'), width: 1 }, ticks: { stroke: stroke('rule'), width: 1 }, label, labelSize: 20, font: '12px system-ui, sans-serif',
    labelFont: '12px system-ui, sans-serif', size: label === xName ? 36 : 58, values: (_, ticks) => ticks.map((tick) => (tick === null ? '' : text(tick, 3))) });
  const options = {
    width: 400, height: 260, legend: { show: false }, cursor: { drag: { x: false, y: false } },
    scales: { x: logX ? { time: false, distr: 3 } : { time: false }, y: log ? { distr: 3 } : square ? { range: [0, 1] } : {} },
    axes: [{ ...axis(xName), ...(xName === 'epoch' ? { incrs: [1, 2, 5].flatMap((k) => [1, 10, 100, 1000, 1e4, 1e5, 1e6].map((ten) => k * ten)).sort((a, b) => a - b) } : {}) }, axis('')],
    series: [{}, ...series.map((one, k) => ({ spanGaps: true, stroke: stroke(one.kind ?? names[k]), width: 2, dash: one.dashed ? [5, 5] : [],
      ...(scatter && !one.line ? { paths: () => null, points: { show: true, size: 4, fill: stroke(one.kind ?? names[k]) } } : { points: { show: x.length < 3 } }) }))],
    hooks: { draw: [(u) => {
      if (mark === undefined) return;
      const at = u.valToPos(mark, 'x', true);
      u.ctx.save();
      u.ctx.strokeStyle = colors.quiet;
      u.ctx.setLineDash([4, 4]);
      u.ctx.beginPath();
      u.ctx.moveTo(at, u.bbox.top);
      u.ctx.lineTo(at, u.bbox.top + u.bbox.height);
      u.ctx.stroke();
      u.ctx.restore();
    }] },
  };
  const data = [x, ...series.map((one) => one.values)];
  const made = new uPlot(options, data, plot);
  plots.push({ made, plot });
}

// Aligns histories whose epochs may differ: all epochs of any of them, and each list with null for missing epochs.
function aligned(histories) {
  const x = [...new Set(histories.flatMap((history) => history.epoch))].sort((a, b) => a - b);
  const by = histories.map((history) => new Map(history.epoch.map((epoch, k) => [epoch, k])));
  return { x, values: (k, list) => x.map((epoch) => list?.[by[k].get(epoch)] ?? null) };
}

function fit() {
  for (const { made, plot } of plots) made.setSize({ width: Math.max(220, Math.floor(plot.clientWidth)), height: 260 });
}

function paint() {
  for (const name of [...kColors, 'quiet', 'rule', 'ink']) colors[name] = resolved(`--${name}`);
  for (const { made } of plots) made.redraw(false);
}
