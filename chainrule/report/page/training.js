// SPDX-License-Identifier: Apache-2.0
// A training: figures, curves, what the model gets right and wrong, what its layers are like.
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
    const made = table(['class', ...labels], answers.confusion.map((row, k) => [labels[k], ...row.map(String)]), labels.map((_, k) => k + 1));
    made.id = 'matrix';
    made.querySelectorAll('tbody tr').forEach((row, k) => row.children[k + 1].classList.add('right'));
    const note = 'How often which class (row) was taken for which (column); right answers are bold.';
    find('answers').append(html('figure', {}, html('figcaption', {}, html('h3', {}, 'Who was taken for whom'), html('p', {}, note)),
      html('div', { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': 'Confusion matrix' }, made)));
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
  const by = order.slice().sort((a, b) => answers.predicted[a] - answers.predicted[b]);
  chart(find('answers'), { title: 'Residuals', note: 'Prediction minus truth, against the prediction: a slope or a bend is an error that the model makes again and again, a funnel says where it is less sure.', x: by.map((i) => answers.predicted[i]), xName: `predicted ${report.target}`,
    series: [{ name: 'predicted - true', values: by.map((i) => answers.predicted[i] - answers.truth[i]), kind: 'second' }], scatter: true });
}

function showAnswers() {
  const answers = report.answers;
  if (!answers || answers.rows === 0) { find('answers-section').hidden = true; return; }
  find('answers-name').textContent = `What it gets right and wrong, ${{ test: 'on test rows', validation: 'on validation rows', folds: 'on rows that it did not see' }[answers.part]}`;
  const drawn = (answers.truth ?? answers.probability ?? []).length;
  find('answers-note').textContent = `${answers.rows} ${answers.part === 'folds' ? 'answers, each by a model that did not see the row' : 'rows that did not train'}.${drawn > 0 && drawn < answers.rows ? ` Of these, ${drawn} are drawn.` : ''}`;
  if (report.task === 'classes') showClasses(answers); else showNumbers(answers);
}
