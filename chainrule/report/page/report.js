// SPDX-License-Identifier: Apache-2.0
// Builds the page from the document (docs/formats.md, "Report").
function showTraining() {
  find('title').textContent = `${report.data} → ${report.model}`;
  document.title = `Training report: ${report.target}`;
  showFigures();
  showCurves();
  showRates();
  showLayers();
  find('weights').textContent = report.weights_sha256;
}

// Parts of every page except a comparison.
function showCommonParts() {
  find('summary').textContent = typeset(report.summary);
  find('how').textContent = typeset(report.how);
  const isWarning = (note, i) => report.note_details[i].severity === 'warning';
  const warnings = report.notes.filter(isWarning), others = report.notes.filter((note, i) => !isWarning(note, i));
  find('warnings').append(...warnings.map((note) => html('li', {}, typeset(note))));
  find('warnings').hidden = warnings.length === 0;
  find('notes').append(...others.map((note) => html('li', {}, typeset(note))));
  find('notes-section').hidden = others.length === 0;
  showAnswers();
  find('columns').append(table(['column', 'type', 'missing', 'distinct', 'values', 'in the network'],
    report.columns.map((one) => [one.name, one.type, String(one.missing), one.distinct ? String(one.distinct) : '', one.values, one.training]), [2, 3]));
  find('command').textContent = report.command;
  find('options').append(table(['option', 'value'], report.options));
  find('program').textContent = report.program;
  find('fingerprint').textContent = report.data_fingerprint;
}

find('theme').addEventListener('click', () => {
  const dark = (document.documentElement.dataset.theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark';
  document.documentElement.dataset.theme = dark ? 'light' : 'dark';
  paint();
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', paint);
addEventListener('resize', fit);
for (const name of [...kColors, 'quiet', 'rule', 'ink']) colors[name] = '#888';
if (report.kind === 'comparison') {
  compare();
} else {
  if (report.kind === 'cross_validation') showCross(); else showTraining();
  if (report.kind === 'tuning') showTuning();
  showCommonParts();
}
fit();
paint();
