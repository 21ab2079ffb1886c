// SPDX-License-Identifier: Apache-2.0
// A search: its verdict, the trials as parallel coordinates, and their table.
function svg(tag, attributes, ...children) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

// The position of a value on its axis: 0 at the bottom, 1 at the top. Axes of numbers are logarithmic.
function axisOf(axis, trials) {
  const seen = trials.map((trial) => trial.settings[axis.option]);
  if (axis.values) {
    const values = [...axis.values, ...new Set(seen.filter((value) => !axis.values.includes(value)))];
    const at = (k) => (values.length > 1 ? k / (values.length - 1) : 0.5);
    return { name: axis.option, place: (trial) => at(values.indexOf(trial.settings[axis.option])), marks: values.map((value, k) => [at(k), value]) };
  }
  const numbers = seen.map(Number).filter((value) => value > 0);
  const low = Math.log(Math.min(axis.low, ...numbers)), high = Math.log(Math.max(axis.high, ...numbers));
  const place = (value) => (value > 0 ? (Math.log(value) - low) / (high - low) : 0);
  return { name: axis.option, place: (trial) => place(Number(trial.settings[axis.option])), marks: [0, 0.5, 1].map((at) => [at, text(Math.exp(low + at * (high - low)), 2)]) };
}

// The gain of a trial over the options as given, on the folds that both were measured on. The better four fifths fill
// the axis, with the best at the top; the worst fifth lies at the bottom.
function gainAxis(trials) {
  const sorted = trials.map((trial) => trial.gain).sort((a, b) => b - a), best = sorted[0];
  const inner = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.8))];
  const worst = inner < best ? inner : sorted[sorted.length - 1];
  const place = (value) => (worst === best ? 0.5 : Math.max(0, Math.min(1, (value - worst) / (best - worst))));
  const mark = (value) => `${value > 0 ? '+' : ''}${text(value, 2)}`;
  return { name: `gain in ${report.tuning.score}`, place: (trial) => place(trial.gain), marks: worst === best ? [[0.5, mark(best)]] : [0, 0.5, 1].map((at) => [at, mark(worst + at * (best - worst))]) };
}

// One line for each trial, from axis to axis. Drawn again for each width, so that text keeps its size.
function parallel(parent, trials) {
  const axes = [...report.tuning.axes.map((axis) => axisOf(axis, trials)), gainAxis(trials)];
  const note = `Each line is a trial: its options, then its gain in ${report.tuning.score} over the options as given on the same folds. The best is at the top, the worst fifth at the bottom. Faint: measured on some folds only. Wide: the winner. Dashed: the options as given.`;
  const plot = html('div', { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': 'Trials as parallel coordinates' });
  parent.append(html('figure', {}, html('figcaption', {}, html('h3', {}, 'Trials'), html('p', {}, note)), plot));
  const draw = () => {
    const height = 300, top = 34, bottom = 270, room = Math.max(100, Math.floor((plot.clientWidth - 44) / axes.length)), width = room * axes.length + 44;
    const x = (k) => 44 + k * room, y = (at) => bottom - at * (bottom - top);
    const picture = svg('svg', { width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': note, class: 'parallel' });
    const line = (trial) => {
      const kind = trial.trial === report.tuning.winner ? 'winner' : trial.trial === 0 ? 'given' : trial.folds < report.tuning.folds ? 'few' : 'all';
      const points = axes.map((axis, k) => `${x(k)},${y(axis.place(trial)).toFixed(1)}`).join(' ');
      return svg('polyline', { points, class: kind }, svg('title', {}, `trial ${trial.trial}: ${text(trial.mean)}`));
    };
    const order = (trial) => (trial.trial === report.tuning.winner ? 3 : trial.trial === 0 ? 2 : trial.folds < report.tuning.folds ? 0 : 1);
    picture.append(...[...trials].sort((a, b) => order(a) - order(b)).map(line));
    axes.forEach((axis, k) => {
      picture.append(svg('line', { x1: x(k), x2: x(k), y1: top, y2: bottom, class: 'axis' }));
      picture.append(svg('text', { x: x(k), y: 16, 'text-anchor': 'middle', class: 'name' }, axis.name));
      for (const [at, mark] of axis.marks) picture.append(svg('text', { x: x(k) + 5, y: y(at) + 4, class: 'mark' }, mark.length > 13 ? `${mark.slice(0, 12)}…` : mark));
    });
    plot.replaceChildren(picture);
  };
  draw();
  addEventListener('resize', draw);
}

function showTuning() {
  const tuning = report.tuning, varied = tuning.axes.map((axis) => axis.option);
  find('title').textContent = `${report.data}: a search for better options → ${report.model}`;
  document.title = `Search report: ${report.target}`;
  find('verdict').textContent = typeset(tuning.verdict);
  find('search-note').textContent = `${typeset(tuning.test)}${tuning.test ? '. ' : ''}${tuning.trials.length} trials, one of them with the options as given, in ${text(tuning.seconds, 3)} s${tuning.out_of_time ? ', ended by the time limit' : ''}. The sections below show the winner's training.`;
  find('search-section').hidden = false;
  find('again-search').textContent = tuning.command;
  find('again-search').hidden = false;
  const measured = tuning.trials.filter((trial) => isNumber(trial.gain));
  if (measured.length > 0) parallel(find('trials'), measured);
  const name = (trial) => `${trial.trial}${trial.trial === tuning.winner ? ', the winner' : ''}${trial.trial === 0 ? ', as given' : ''}`;
  find('trials').append(details('All trials', table(['trial', 'folds', tuning.score, 'gain', 'seconds', ...varied],
    tuning.trials.map((trial) => [name(trial), String(trial.folds), isNumber(trial.mean) ? text(trial.mean) : 'failed', text(trial.gain, 3), text(trial.seconds, 3), ...varied.map((option) => trial.settings[option])]), [1, 2, 3, 4])));
}
