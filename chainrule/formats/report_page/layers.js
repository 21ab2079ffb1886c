// SPDX-License-Identifier: Apache-2.0
// How the layers fared: what ails them, how large their updates were, and how their units were used.
function showLayers() {
  const health = report.health, steps = health?.steps ?? [];
  find('health-section').hidden = !health || (steps.length === 0 && health.findings.length === 0);
  if (find('health-section').hidden) return;
  find('findings').append(...health.findings.map((one) => html('li', {}, `${one.problem}. What would help: ${one.advice}.`)));
  find('findings-none').hidden = health.findings.length > 0;
  const layers = health.layers, learning = layers.filter((layer) => layer.weights);
  if (steps.length === 0) return;
  const ratios = (key, letter) => learning.map((layer) => ({ name: `${letter}(${layer.layer})`, values: layer[key].map((value) => (value > 0 ? value : null)) }))
    .filter((one) => one.values.some(isNumber)).slice(0, kColours.length);
  const some = learning.length > kColours.length ? ` The first ${kColours.length} layers are drawn.` : '';
  for (const [key, letter, title, usual] of [['weights', 'W', 'Updates of the weights', ' About 0.001 is usual.'], ['biases', 'b', 'Updates of the biases', ' Biases start at 0, so that it is large at first.']]) {
    const series = ratios(key, letter);
    if (series.length > 0) chart(find('layers'), { title, note: `Norm of a step's change beside the norm of what it changes.${usual}${some}`, x: steps, xName: 'step', series, log: true });
  }
  const used = layers.filter((layer) => layer.saturated).slice(0, kColours.length);
  if (used.some((layer) => layer.saturated.some((value) => value > 0)))
    chart(find('layers'), { title: 'Saturated units', note: 'Share of the values where the activation is nearly flat, so that a step hardly moves them.', x: steps, xName: 'step',
      series: used.map((layer) => ({ name: `layer ${layer.layer}, ${layer.activation}`, values: layer.saturated })), square: true });
  const last = (values) => (values ? text(values[values.length - 1], 3) : '');
  find('layer-table').append(table(['layer', 'units', 'activation', 'mean of a', 'deviation', 'saturated', 'dead', 'update of W', 'update of b'],
    layers.map((layer) => [String(layer.layer), String(layer.units), layer.activation, last(layer.mean), last(layer.deviation), last(layer.saturated), last(layer.dead), last(layer.weights), last(layer.biases)]), [1, 3, 4, 5, 6, 7, 8]));
}

// The range test before the training.
function showRates() {
  const test = report.found_rates?.learning_rate;
  if (!test || test.rates.length === 0) return;
  const values = test.losses.map((loss) => (isNumber(loss) && loss < 3 * Math.max(test.start_loss, ...test.losses.slice(0, 3)) ? loss : null));
  chart(find('curves'), { title: 'Range test of the learning rate', note: `Loss of the same training rows after each step, the rate rising from step to step. The dashed line marks ${text(test.suggested)}, which was taken: a third of the rate at which nine tenths of the fall were reached.`,
    x: test.rates, xName: 'learning rate', series: [{ name: 'loss', values }], logX: true, mark: test.suggested ?? undefined });
}
