// SPDX-License-Identifier: Apache-2.0
// Compares several runs: their metrics on test or validation rows, their curves, and the options in which they differ.
function compare() {
  const runs = report.runs, names = runs.map((run) => run.name);
  find('title').textContent = names.join(', ');
  document.title = 'Comparison of runs';
  find('summary').textContent = typeset(report.summary);
  find('how').textContent = '';
  for (const id of ['warnings', 'weights-section', 'data-section', 'health-section', 'answers-section', 'columns-section', 'notes-section']) find(id).hidden = true;
  const tested = runs.every((run) => run.rows.test > 0), part = tested ? 'test' : 'validation';
  const metrics = [...new Set(runs.flatMap((run) => run.figures.map((one) => one.name)))];
  const cell = (run, metric) => {
    const one = run.figures.find((figure) => figure.name === metric)?.[part];
    return one === undefined || one === null ? '–' : tested ? interval(one) : text(one);
  };
  find('figures').append(table(['metric', ...names], metrics.map((metric) => [metric, ...runs.map((run) => cell(run, metric))]), names.map((_, k) => k + 1)));
  find('figures-note').textContent = tested ? 'On the test rows of each run, with 95\u00a0% confidence intervals.' : 'On the validation rows of each run, which selected its best epoch.';
  const drawn = runs.slice(0, kColors.length), { x, values } = aligned(drawn.map((run) => run.history));
  const lines = (of) => drawn.map((run, k) => ({ name: run.name, values: values(k, of(run)) }));
  const first = (run) => Object.keys(run.history.validation).find((name) => name !== 'loss');
  const shown = runs.length > kColors.length ? ` The first ${kColors.length} runs are drawn.` : '';
  if (x.length > 0) {
    chart(find('curves'), { title: 'Validation loss', note: `After each epoch.${shown}`, x, xName: 'epoch', series: lines((run) => run.history.validation.loss) });
    if (runs.every((run) => first(run) === first(runs[0])) && first(runs[0]))
      chart(find('curves'), { title: `${first(runs[0])} on validation rows`, note: `After each epoch.${shown}`, x, xName: 'epoch', series: lines((run) => run.history.validation[first(run)]) });
    chart(find('curves'), { title: 'Training loss', note: `Mean over each epoch.${shown}`, x, xName: 'epoch', series: lines((run) => run.history.train_loss) });
  }
  find('again-name').textContent = 'Differences, and how to reproduce';
  find('differences').append(report.differences.length > 0 ? table(['what', ...names], report.differences.map((row) => row.map(String)))
    : html('p', {}, 'The runs do not differ in data, options or how they ended.'));
  find('command').textContent = runs.map((run) => run.command).join('\n');
  find('options').append(table(['option', ...names], report.options));
  find('program').textContent = report.program;
}
