// SPDX-License-Identifier: Apache-2.0
// Builds the page from the document (docs/formats.md, "Report"). Curves are uPlot's; each has its numbers in a table below.
'use strict';
const report = JSON.parse(document.getElementById('data').textContent);
const find = (id) => document.getElementById(id);
const resolved = (name) => {  // light-dark() as the colour that it is now
  const probe = document.body.appendChild(html('i', { hidden: '' }));
  probe.style.color = `var(${name})`;
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
};
const kColours = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth'];
let colours = {};
const plots = [];

function html(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const isNumber = (x) => typeof x === 'number';
const text = (x, digits = 4) => (isNumber(x) ? (Math.abs(x) >= 1e6 || (x !== 0 && Math.abs(x) < 1e-4) ? x.toExponential(digits - 1) : String(Number(x.toPrecision(digits)))) : '–');
const interval = (x) => (isNumber(x.low) ? `${text(x.value)} (${text(x.low)} to ${text(x.high)})` : text(x.value));

// rows: arrays of texts; the first column names the row.
function table(heading, rows, numbers = []) {
  const kind = (k) => (numbers.includes(k) ? { class: 'number' } : {});
  return html('table', {}, html('thead', {}, html('tr', {}, ...heading.map((name, k) => html('th', { scope: 'col', ...kind(k) }, name)))),
    html('tbody', {}, ...rows.map((row) => html('tr', {}, ...row.map((cell, k) => (k === 0 ? html('th', { scope: 'row' }, cell) : html('td', kind(k), cell)))))));
}

function details(name, content) {
  const region = html('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': name }, content);
  return html('details', {}, html('summary', {}, name), region);
}

// A figure with a chart, its legend in words, and the numbers. series: [{ name, values, kind }].
function chart(parent, { title, note, x, xName, series, tableName, scatter = false, square = false, log = false, mark }) {
  const plot = html('div', { class: 'plot', role: 'img', 'aria-label': `${title}. ${note}` });
  const names = kColours;
  const legend = html('div', { class: 'legend' }, ...series.map((one, k) => html('span', { class: one.kind ?? names[k] }, one.name)));
  const rows = x.map((at, i) => [text(at, 6), ...series.map((one) => text(one.values[i], 6))]);
  parent.append(html('figure', {}, html('figcaption', {}, html('h3', {}, title), html('p', {}, note)), plot, legend,
    details(tableName ?? 'The numbers', table([xName, ...series.map((one) => one.name)], rows, [0, ...series.map((_, k) => k + 1)]))));
  const stroke = (kind) => () => colours[kind];
  const axis = (label) => ({ stroke: stroke('quiet'), grid: { stroke: stroke('rule'), width: 1 }, ticks: { stroke: stroke('rule'), width: 1 }, label, labelSize: 20, font: '12px system-ui, sans-serif',
    labelFont: '12px system-ui, sans-serif', size: label === xName ? 36 : 58, values: (_, ticks) => ticks.map((tick) => (tick === null ? '' : text(tick, 3))) });
  const options = {
    width: 400, height: 260, legend: { show: false }, cursor: { drag: { x: false, y: false } },
    scales: { x: { time: false }, y: log ? { distr: 3 } : square ? { range: [0, 1] } : {} },
    axes: [{ ...axis(xName), ...(xName === 'epoch' ? { incrs: [1, 2, 5].flatMap((k) => [1, 10, 100, 1000, 1e4, 1e5, 1e6].map((ten) => k * ten)).sort((a, b) => a - b) } : {}) }, axis('')],
    series: [{}, ...series.map((one, k) => ({ stroke: stroke(one.kind ?? names[k]), width: 2, dash: one.dashed ? [5, 5] : [],
      ...(scatter && !one.line ? { paths: () => null, points: { show: true, size: 4, fill: stroke(one.kind ?? names[k]) } } : { points: { show: x.length < 3 } }) }))],
    hooks: { draw: [(u) => {
      if (mark === undefined) return;
      const at = u.valToPos(mark, 'x', true);
      u.ctx.save();
      u.ctx.strokeStyle = colours.quiet;
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

function fit() {
  for (const { made, plot } of plots) made.setSize({ width: Math.max(220, Math.floor(plot.clientWidth)), height: 260 });
}

function paint() {
  for (const name of [...kColours, 'quiet', 'rule', 'ink']) colours[name] = resolved(`--${name}`);
  for (const { made } of plots) made.redraw(false);
}

function showFigures() {
  const parts = [['training', 'training rows'], ['validation', 'validation rows'], ['test', 'test rows (95 % interval)'], ['trivial', 'best constant answer']];
  const shown = parts.filter(([key]) => report.figures.some((one) => one[key] !== undefined && one[key] !== null));
  const cell = (one, key) => (one[key] === undefined || one[key] === null ? '–' : key === 'test' ? interval(one.test) : text(one[key]));
  find('figures').append(table(['metric', ...shown.map(([, name]) => name)], report.figures.map((one) => [one.name, ...shown.map(([key]) => cell(one, key))]), shown.map((_, k) => k + 1)));
  find('figures-note').textContent = report.rows.test > 0
    ? 'Test rows were kept from every choice: their figures are what new rows will bring. Validation rows chose the epoch.'
    : 'Validation rows chose the epoch, so their figures are a little too good; --test-split keeps rows from every choice.';
}

function showCurves() {
  const history = report.history, x = history.epoch, best = report.ended.best_epoch || undefined;
  if (x.length === 0) return;
  const validation = history.validation;
  const losses = [{ name: 'training loss', values: history.train_loss }];
  if (validation.loss) losses.push({ name: 'validation loss', values: validation.loss });
  const all = losses.flatMap((one) => one.values).filter(isNumber);
  const log = all.length > 0 && Math.min(...all) > 0 && Math.max(...all) / Math.min(...all) > 30;
  const marked = best ? ` The dashed line marks epoch ${best}, whose weights were kept.` : '';
  chart(find('curves'), { title: 'Loss', note: `Mean loss of each epoch${log ? ', on a logarithmic scale' : ''}.${marked}`, x, xName: 'epoch', series: losses, log, mark: best });
  const metric = Object.keys(validation).find((name) => name !== 'loss');
  if (metric) chart(find('curves'), { title: `${metric} on validation rows`, note: `After each epoch.${marked}`, x, xName: 'epoch', series: [{ name: metric, values: validation[metric] }], mark: best });
  chart(find('curves'), { title: 'Learning rate', note: 'At the last step of each epoch.', x, xName: 'epoch', series: [{ name: 'learning rate', values: history.learning_rate, kind: 'third' }] });
}

// Points of ROC and precision-recall curves from probabilities of the second class, highest first.
function ranking(probability, positive) {
  const order = probability.map((_, i) => i).sort((a, b) => probability[b] - probability[a]);
  const all = positive.filter(Boolean).length, none = positive.length - all;
  const roc = { x: [0], y: [0] }, pr = { x: [], y: [] };
  let hits = 0, misses = 0;
  order.forEach((row, k) => {
    if (positive[row]) hits += 1; else misses += 1;
    if (k + 1 < order.length && probability[order[k + 1]] === probability[row]) return;
    roc.x.push(misses / none); roc.y.push(hits / all);
    pr.x.push(hits / all); pr.y.push(hits / (hits + misses));
  });
  return { roc, pr };
}

function calibration(probability, positive) {
  const bins = Array.from({ length: 10 }, () => ({ count: 0, sum: 0, hits: 0 }));
  probability.forEach((p, i) => {
    const bin = bins[Math.min(9, Math.floor(p * 10))];
    bin.count += 1; bin.sum += p; bin.hits += positive[i] ? 1 : 0;
  });
  const full = bins.filter((bin) => bin.count > 0);
  return { x: full.map((bin) => bin.sum / bin.count), y: full.map((bin) => bin.hits / bin.count) };
}

function showClasses(answers) {
  if (answers.confusion) {
    const labels = report.labels;
    const made = table(['', ...labels], answers.confusion.map((row, k) => [labels[k], ...row.map(String)]), labels.map((_, k) => k + 1));
    made.id = 'matrix';
    made.querySelectorAll('tbody tr').forEach((row, k) => row.children[k + 1].classList.add('right'));
    const note = 'How often which class (row) was taken for which (column); right answers are bold.';
    find('answers').append(html('figure', {}, html('figcaption', {}, html('h3', {}, 'Who was taken for whom'), html('p', {}, note)),
      html('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Confusion matrix' }, made)));
  }
  if (!answers.probability) return;
  const positive = answers.positive, of = report.labels[1];
  if (!positive.includes(true) || !positive.includes(false)) return;
  const { roc, pr } = ranking(answers.probability, positive), bins = calibration(answers.probability, positive);
  const unit = { square: true };
  chart(find('answers'), { title: 'ROC', note: `Share of the ${of} rows found against the share of the others taken for ${of}, over all thresholds. The dashed line is chance.`, x: roc.x, xName: 'false positive rate',
    series: [{ name: 'true positive rate', values: roc.y }, { name: 'chance', values: roc.x, kind: 'third', dashed: true }], ...unit });
  chart(find('answers'), { title: 'Precision and recall', note: `Share of right ones among those taken for ${of}, against the share of the ${of} rows found.`, x: pr.x, xName: 'recall', series: [{ name: 'precision', values: pr.y }], ...unit });
  chart(find('answers'), { title: 'Calibration', note: `How often ${of} is true where it is given this probability, in ten bins. On the dashed line, probabilities are right.`, x: bins.x, xName: 'mean probability',
    series: [{ name: 'share of rows', values: bins.y }, { name: 'right', values: bins.x, kind: 'third', dashed: true }], ...unit });
}

function showNumbers(answers) {
  const order = answers.truth.map((_, i) => i).sort((a, b) => answers.truth[a] - answers.truth[b]);
  const truth = order.map((i) => answers.truth[i]), predicted = order.map((i) => answers.predicted[i]);
  chart(find('answers'), { title: 'Predicted against true', note: 'Each point is a row; on the line, the prediction is right.', x: truth, xName: report.target,
    series: [{ name: 'predicted', values: predicted }, { name: 'right', values: truth, kind: 'third', line: true, dashed: true }], scatter: true });
  chart(find('answers'), { title: 'Residuals', note: 'Prediction minus truth; a slope or a funnel says where the model errs.', x: truth, xName: report.target,
    series: [{ name: 'predicted - true', values: predicted.map((p, i) => p - truth[i]), kind: 'second' }], scatter: true });
}

function showAnswers() {
  const answers = report.answers;
  if (!answers || answers.rows === 0) { find('answers-section').hidden = true; return; }
  find('answers-name').textContent = answers.part === 'test' ? 'What it gets right and wrong, on test rows' : 'What it gets right and wrong, on validation rows';
  const drawn = (answers.truth ?? answers.probability ?? []).length;
  find('answers-note').textContent = `${answers.rows} rows that did not train.${drawn > 0 && drawn < answers.rows ? ` Of these, ${drawn} are drawn.` : ''}`;
  if (report.task === 'classes') showClasses(answers); else showNumbers(answers);
}

// Several runs side by side: their figures on rows that did not train, their curves, and the options in which they differ.
function compare() {
  const runs = report.runs, names = runs.map((run) => run.name);
  find('title').textContent = names.join(', ');
  document.title = 'Runs side by side';
  find('summary').textContent = report.summary;
  find('how').textContent = '';
  for (const id of ['warnings', 'answers-section', 'columns-section', 'notes-section']) find(id).hidden = true;
  const tested = runs.every((run) => run.rows.test > 0), part = tested ? 'test' : 'validation';
  const metrics = [...new Set(runs.flatMap((run) => run.figures.map((one) => one.name)))];
  const cell = (run, metric) => {
    const one = run.figures.find((figure) => figure.name === metric)?.[part];
    return one === undefined || one === null ? '–' : tested ? interval(one) : text(one);
  };
  find('figures').append(table(['metric', ...names], metrics.map((metric) => [metric, ...runs.map((run) => cell(run, metric))]), names.map((_, k) => k + 1)));
  find('figures-note').textContent = tested ? 'On the test rows of each run, with 95 % intervals.' : 'On the validation rows of each run, which chose its epoch.';
  const x = Array.from({ length: Math.max(...runs.map((run) => run.history.epoch.length)) }, (_, k) => k + 1);
  const lines = (values) => runs.slice(0, kColours.length).map((run) => ({ name: run.name, values: x.map((_, k) => values(run)?.[k] ?? null) }));
  const first = (run) => Object.keys(run.history.validation).find((name) => name !== 'loss');
  const shown = runs.length > kColours.length ? ` The first ${kColours.length} runs are drawn.` : '';
  if (x.length > 0) {
    chart(find('curves'), { title: 'Validation loss', note: `After each epoch.${shown}`, x, xName: 'epoch', series: lines((run) => run.history.validation.loss) });
    if (runs.every((run) => first(run) === first(runs[0])) && first(runs[0]))
      chart(find('curves'), { title: `${first(runs[0])} on validation rows`, note: `After each epoch.${shown}`, x, xName: 'epoch', series: lines((run) => run.history.validation[first(run)]) });
    chart(find('curves'), { title: 'Training loss', note: `Mean over each epoch.${shown}`, x, xName: 'epoch', series: lines((run) => run.history.train_loss) });
  }
  find('again-name').textContent = 'What differs, and the same again';
  find('differences').append(report.differences.length > 0 ? table(['', ...names], report.differences.map((row) => row.map(String)))
    : html('p', {}, 'They do not differ in data, options or how they ended.'));
  find('command').textContent = runs.map((run) => run.command).join('\n');
  find('options').append(table(['option', ...names], report.options));
  find('weights-section').hidden = true;
  find('program').textContent = report.program;
}

function show() {
  find('title').textContent = `${report.data} → ${report.model}`;
  document.title = `Training report: ${report.target}`;
  find('summary').textContent = report.summary;
  find('how').textContent = report.how;
  const warnings = report.notes.filter((note) => note.startsWith('warning: ')), others = report.notes.filter((note) => !note.startsWith('warning: '));
  find('warnings').append(...warnings.map((note) => html('li', {}, note)));
  find('warnings').hidden = warnings.length === 0;
  find('notes').append(...others.map((note) => html('li', {}, note)));
  find('notes-section').hidden = others.length === 0;
  showFigures();
  showCurves();
  showAnswers();
  find('columns').append(table(['column', 'type', 'missing', 'different', 'values', 'in the network'],
    report.columns.map((one) => [one.name, one.type, String(one.missing), one.distinct ? String(one.distinct) : '', one.values, one.training]), [2, 3]));
  find('command').textContent = report.command;
  find('options').append(table(['option', 'value'], report.options));
  find('program').textContent = report.program;
  find('weights').textContent = report.weights_sha256;
  find('fingerprint').textContent = report.data_fingerprint;
}

find('theme').addEventListener('click', () => {
  const dark = (document.documentElement.dataset.theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark';
  document.documentElement.dataset.theme = dark ? 'light' : 'dark';
  paint();
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', paint);
addEventListener('resize', fit);
for (const name of [...kColours, 'quiet', 'rule', 'ink']) colours[name] = '#888';
if (report.kind === 'comparison') compare(); else show();
fit();
paint();
