// SPDX-License-Identifier: Apache-2.0
// Layer health: problems, sizes of updates, saturated units.
function showLayers() {
  const health = report.health, steps = health?.steps ?? [];
  find('health-section').hidden = !health || (steps.length === 0 && !health.findings?.length);
  if (find('health-section').hidden) return;
  const judged = health.findings ?? [];
  find('findings').append(...judged.map((one) => html('li', {}, `${one.problem}. Advice: ${one.advice}.`)));
  find('findings-note').textContent = health.findings === null ? 'Not diagnosed: the loss of the training rows was undefined or not finite.'
    : `Diagnosed on ${health.rows} training rows with the bounds of chainrule explain --health${judged.length === 0 ? ': no problems found' : ''}.`;
  const layers = health.layers, learning = layers.filter((layer) => layer.weights);
  if (steps.length === 0) return;
  const ratios = (key, letter) => learning.map((layer) => ({ name: `${letter}(${layer.layer})`, values: layer[key].map((value) => (value > 0 ? value : null)) }))
    .filter((one) => one.values.some(isNumber)).slice(0, kColors.length);
  const some = learning.length > kColors.length ? ` The first ${kColors.length} layers are drawn.` : '';
  for (const [key, letter, title, usual] of [['weights', 'W', 'Updates of the weights', ' About 0.001 is usual.'], ['biases', 'b', 'Updates of the biases', ' It is large at first if biases start at 0.']]) {
    const series = ratios(key, letter);
    if (series.length > 0) chart(find('layers'), { title, note: `Norm of a step's change, divided by the norm of the parameters.${usual}${some}`, x: steps, xName: 'step', series, log: true });
  }
  const used = layers.filter((layer) => layer.saturated).slice(0, kColors.length);
  if (used.some((layer) => layer.saturated.some((value) => value > 0)))
    chart(find('layers'), { title: 'Saturated units', note: 'Fraction of the values where the activation is nearly flat, so that a step hardly changes them.', x: steps, xName: 'step',
      series: used.map((layer) => ({ name: `layer ${layer.layer}, ${layer.activation}`, values: layer.saturated })), square: true });
  const last = (values) => (values ? text(values[values.length - 1], 3) : '');
  const median = (values) => {  // not the last update, which is 0 if the schedule ends there
    const sorted = (values ?? []).filter(isNumber).sort((a, b) => a - b);
    return sorted.length > 0 ? text(sorted[Math.floor(sorted.length / 2)], 3) : '';
  };
  find('layer-table').append(table(['layer', 'units', 'activation', 'mean of a', 'deviation', 'saturated', 'dead', 'update of W', 'update of b'],
    layers.map((layer) => [String(layer.layer), String(layer.units), layer.activation, last(layer.mean), last(layer.deviation), last(layer.saturated), last(layer.dead), median(layer.weights), median(layer.biases)]), [1, 3, 4, 5, 6, 7, 8]));
}

// The learning rates found before the training.
function showRates() {
  const test = report.found_rates?.learning_rate, layers = report.found_rates?.layers;
  if (layers) {
    const these = `--weight-multiplier ${layers.weight_multiplier.join(',') || '1'} --bias-multiplier ${layers.bias_multiplier.join(',') || '1'}`;
    find('rates-note').textContent = layers.better
      ? `Learning rates of the layers: training used ${these}: after ${layers.steps} steps the loss was ${text(layers.loss_with)} instead of ${text(layers.loss)}.`
      : `Learning rates of the layers: no multipliers that were tried gave a lower loss after ${layers.steps} steps.`;
    find('rates-note').hidden = false;
  }
  if (!test || test.rates.length === 0) return;
  const most = test.start_loss + 2 * (test.start_loss - Math.min(test.start_loss, ...test.losses.filter(isNumber))) + 0.2 * Math.abs(test.start_loss);
  const values = test.losses.map((loss) => (isNumber(loss) && loss < most ? loss : null));
  const taken = isNumber(test.suggested) ? `The dashed line marks ${text(test.suggested)}, which training used: the median of three tests (${text(test.lowest)} to ${text(test.highest)}).` : 'No rate lowered the loss: the learning rate stayed the same.';
  chart(find('curves'), { title: 'Range test of the learning rate', note: `Loss of the same training rows after each step, with a rate that rises from step to step. ${taken}`,
    x: test.rates, xName: 'learning rate', series: [{ name: 'loss', values }], logX: true, mark: isNumber(test.suggested) ? test.suggested : undefined });
}
