// SPDX-License-Identifier: Apache-2.0
// How the layers fared: what ails them, how large their updates were, and how their units were used.
function showLayers() {
  const health = report.health, steps = health?.steps ?? [];
  find('health-section').hidden = !health || (steps.length === 0 && !health.findings?.length);
  if (find('health-section').hidden) return;
  const judged = health.findings ?? [];
  find('findings').append(...judged.map((one) => html('li', {}, `${one.problem}. What would help: ${one.advice}.`)));
  find('findings-note').textContent = health.findings === null ? 'They could not be judged: there was no loss to take from the training rows.'
    : `Judged on ${health.rows} training rows by the bounds of chainrule explain --health${judged.length === 0 ? ': nothing is wrong' : ''}.`;
  const layers = health.layers, learning = layers.filter((layer) => layer.weights);
  if (steps.length === 0) return;
  const ratios = (key, letter) => learning.map((layer) => ({ name: `${letter}(${layer.layer})`, values: layer[key].map((value) => (value > 0 ? value : null)) }))
    .filter((one) => one.values.some(isNumber)).slice(0, kColours.length);
  const some = learning.length > kColours.length ? ` The first ${kColours.length} layers are drawn.` : '';
  for (const [key, letter, title, usual] of [['weights', 'W', 'Updates of the weights', ' About 0.001 is usual.'], ['biases', 'b', 'Updates of the biases', ' Where biases start at 0, it is large at first.']]) {
    const series = ratios(key, letter);
    if (series.length > 0) chart(find('layers'), { title, note: `Norm of a step's change beside the norm of what it changes.${usual}${some}`, x: steps, xName: 'step', series, log: true });
  }
  const used = layers.filter((layer) => layer.saturated).slice(0, kColours.length);
  if (used.some((layer) => layer.saturated.some((value) => value > 0)))
    chart(find('layers'), { title: 'Saturated units', note: 'Share of the values where the activation is nearly flat, so that a step hardly moves them.', x: steps, xName: 'step',
      series: used.map((layer) => ({ name: `layer ${layer.layer}, ${layer.activation}`, values: layer.saturated })), square: true });
  const last = (values) => (values ? text(values[values.length - 1], 3) : '');
  const median = (values) => {  // the last step's update is 0 where the schedule ends there
    const sorted = (values ?? []).filter(isNumber).sort((a, b) => a - b);
    return sorted.length > 0 ? text(sorted[Math.floor(sorted.length / 2)], 3) : '';
  };
  find('layer-table').append(table(['layer', 'units', 'activation', 'mean of a', 'deviation', 'saturated', 'dead', 'update of W', 'update of b'],
    layers.map((layer) => [String(layer.layer), String(layer.units), layer.activation, last(layer.mean), last(layer.deviation), last(layer.saturated), last(layer.dead), median(layer.weights), median(layer.biases)]), [1, 3, 4, 5, 6, 7, 8]));
}

// The tests before the training.
function showRates() {
  const test = report.found_rates?.learning_rate, layers = report.found_rates?.layers;
  if (layers) {
    const these = `--weight-multiplier ${layers.weight_multiplier.join(',') || '1'} --bias-multiplier ${layers.bias_multiplier.join(',') || '1'}`;
    find('rates-note').textContent = layers.better
      ? `Rates of the layers: ${these} were taken: after ${layers.steps} steps the loss was ${text(layers.loss_with)} rather than ${text(layers.loss)}.`
      : `Rates of the layers: none that were tried were better after ${layers.steps} steps.`;
    find('rates-note').hidden = false;
  }
  if (!test || test.rates.length === 0) return;
  const most = test.start_loss + 2 * (test.start_loss - Math.min(test.start_loss, ...test.losses.filter(isNumber))) + 0.2 * Math.abs(test.start_loss);
  const values = test.losses.map((loss) => (isNumber(loss) && loss < most ? loss : null));
  const taken = isNumber(test.suggested) ? `The dashed line marks ${text(test.suggested)}, which was taken: the median of three tests (${text(test.lowest)} to ${text(test.highest)}).` : 'No rate lowered it: the rate stayed as it was.';
  chart(find('curves'), { title: 'Range test of the learning rate', note: `Loss of the same training rows after each step, the rate rising from step to step. ${taken}`,
    x: test.rates, xName: 'learning rate', series: [{ name: 'loss', values }], logX: true, mark: isNumber(test.suggested) ? test.suggested : undefined });
}
