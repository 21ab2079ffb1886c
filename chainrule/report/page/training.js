// SPDX-License-Identifier: Apache-2.0
// A training: metrics, curves, predictions against targets.
function showFigures() {
  const parts = [['training', 'training rows'], ['validation', 'validation rows'], ['test', 'test rows (95 % confidence interval)'], ['trivial', 'baseline']];
  const shown = parts.filter(([key]) => report.figures.some((one) => one[key] !== undefined && one[key] !== null));
  const cell = (one, key) => (one[key] === undefined || one[key] === null ? '–' : key === 'test' ? interval(one.test) : text(one[key]));
  find('figures').append(table(['metric', ...shown.map(([, name]) => name)], report.figures.map((one) => [one.name, ...shown.map(([key]) => cell(one, key))]), shown.map((_, k) => k + 1)));
  const selected = report.history.inner ? 'Inner folds of the training rows selected the best epoch' : 'The validation rows selected the best epoch';
  find('figures-note').textContent = report.rows.test > 0
    ? `No decision used the test rows, so their metrics estimate those on new rows. ${selected}. ${baseline}`
    : report.history.inner ? `${selected}. ${baseline}`
    : `${selected}, so their metrics are slightly optimistic; --test-split sets aside rows that no decision uses. ${baseline}`;
}

function showCurves() {
  const history = report.history, x = history.epoch, best = report.ended.best_epoch || undefined;
  if (x.length === 0) return;
  const validation = history.validation;
  const losses = [{ name: 'training loss', values: history.train_loss }];
  if (validation.loss) losses.push({ name: 'validation loss', values: validation.loss });
  if (history.inner) losses.push({ name: 'inner folds', values: history.inner.loss });
  const all = losses.flatMap((one) => one.values).filter(isNumber);
  const log = all.length > 0 && Math.min(...all) > 0 && Math.max(...all) / Math.min(...all) > 30;
  const marked = best ? ` The dashed line marks epoch ${best}, whose weights the model has.` : '';
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
    const note = 'Rows: true class; columns: predicted class; bold: correct predictions.';
    find('answers').append(html('figure', {}, html('figcaption', {}, html('h3', {}, 'Confusion matrix'), html('p', {}, note)),
      html('div', { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': 'Confusion matrix' }, made)));
  }
  if (!answers.probability) return;
  const positive = answers.positive, of = report.labels[1];
  if (!positive.includes(true) || !positive.includes(false)) return;
  const { roc, pr } = ranking(answers.probability, positive), bins = calibration(answers.probability, positive);
  const unit = { square: true };
  chart(find('answers'), { title: 'ROC', note: `Fraction of the ${of} rows predicted as ${of}, against the fraction of the other rows predicted as ${of}, over all thresholds. Dashed line: random predictions.`, x: roc.x, xName: 'false positive rate',
    series: [{ name: 'true positive rate', values: roc.y }, { name: 'chance', values: roc.x, kind: 'third', dashed: true }], ...unit });
  chart(find('answers'), { title: 'Precision and recall', note: `Fraction of the rows predicted as ${of} that are ${of}, against the fraction of the ${of} rows predicted as ${of}.`, x: pr.x, xName: 'recall', series: [{ name: 'precision', values: pr.y }], ...unit });
  chart(find('answers'), { title: 'Calibration', note: `Fraction of rows that are ${of}, against their predicted probability, in ten bins. Dashed line: perfect calibration.`, x: bins.x, xName: 'mean probability',
    series: [{ name: 'fraction of rows', values: bins.y }, { name: 'perfect', values: bins.x, kind: 'third', dashed: true }], ...unit });
}

function showNumbers(answers) {
  const order = answers.truth.map((_, i) => i).sort((a, b) => answers.truth[a] - answers.truth[b]);
  const targets = order.map((i) => answers.truth[i]), predicted = order.map((i) => answers.predicted[i]);
  chart(find('answers'), { title: 'Predicted against true', note: 'Each point is a row; on the line, the prediction is exact.', x: targets, xName: report.target,
    series: [{ name: 'predicted', values: predicted }, { name: 'exact', values: targets, kind: 'third', line: true, dashed: true }], scatter: true });
  const by = order.slice().sort((a, b) => answers.predicted[a] - answers.predicted[b]);
  chart(find('answers'), { title: 'Residuals', note: 'Prediction minus target, against the prediction. A slope or a bend is a systematic error; a funnel shows where the model is less accurate.', x: by.map((i) => answers.predicted[i]), xName: `predicted ${report.target}`,
    series: [{ name: 'predicted - true', values: by.map((i) => answers.predicted[i] - answers.truth[i]), kind: 'second' }], scatter: true });
}

function showAnswers() {
  const answers = report.answers;
  if (!answers || answers.rows === 0) { find('answers-section').hidden = true; return; }
  find('answers-name').textContent = `Predictions ${{ test: 'on test rows', validation: 'on validation rows', folds: 'on the test rows of all folds' }[answers.part]}`;
  const drawn = (answers.truth ?? answers.probability ?? []).length;
  find('answers-note').textContent = `${answers.rows} ${answers.part === 'folds' ? 'predictions, each by a model that did not train on the row' : 'rows that the model was not trained on'}.${drawn > 0 && drawn < answers.rows ? ` Of these, ${drawn} are drawn.` : ''}`;
  if (report.task === 'classes') showClasses(answers); else showNumbers(answers);
}
