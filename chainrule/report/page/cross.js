// SPDX-License-Identifier: Apache-2.0
// A cross-validation: metrics over the folds, each fold, and predictions for all rows by models that did not train on
// them.
function showMetrics() {
  find('figures').append(table(['metric', 'mean', 'sd', '95 % confidence interval', 'baseline', 'on training rows'],
    report.metrics.map((one) => [one.name, text(one.mean), text(one.deviation), `${isNumber(one.low) ? `${text(one.low)} to ${text(one.high)}` : one.no_interval ? `none: ${one.no_interval}` : '–'}${one.folds < report.folds.length ? ` (defined in ${one.folds} folds)` : ''}`, text(one.trivial), text(one.training)]), [1, 2, 3, 4, 5]));
  find('figures-note').textContent = `Means over the folds; each fold is predicted by a model that did not train on it. sd: standard deviation over the folds. The confidence intervals account for the training rows that folds have in common. ${baseline}`;
  const shown = report.metrics.slice(0, 6).map((one) => one.name);
  find('figures').after(details('Each fold', table(['fold', 'training rows', 'test rows', 'best epoch', ...shown],
    report.folds.map((fold) => [fold.name, String(fold.rows.training), String(fold.rows.test), fold.best_epoch ? `${fold.best_epoch} of ${fold.epochs}` : String(fold.epochs),
      ...shown.map((name) => text(fold.metrics[name]?.value))]), [1, 2, 3, ...shown.map((_, k) => k + 4)])));
}

function showFoldCurves() {
  const histories = report.folds.map((fold) => fold.history).filter(Boolean), { x, values } = aligned(histories);
  const some = report.folds.length > histories.length ? ` The first ${histories.length} are drawn.` : '';
  const series = (of) => histories.map((history, k) => ({ name: report.folds[k].name, values: values(k, of(history)) }));
  if (x.length === 0) return;
  if (histories[0].validation.loss) chart(find('curves'), { title: 'Validation loss of each fold', note: `After each epoch; ${histories[0].inner ? 'inner folds of the training rows' : 'these rows'} selected the best epoch.${some}`, x, xName: 'epoch', series: series((one) => one.validation.loss) });
  chart(find('curves'), { title: 'Training loss of each fold', note: `Mean over each epoch.${some}`, x, xName: 'epoch', series: series((one) => one.train_loss) });
}

function showCross() {
  find('title').textContent = `${report.data}, cross-validated`;
  document.title = `Cross-validation: ${report.target}`;
  for (const id of ['health-section', 'weights-section']) find(id).hidden = true;
  showMetrics();
  showFoldCurves();
}
