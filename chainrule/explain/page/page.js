// SPDX-License-Identifier: Apache-2.0
// The page's state (step, stage, row, chosen number) and the controls that change it.
'use strict';

const find = id => document.getElementById(id);

// The stages of a step: its parts, with forward and backward divided by layer.
function stagesOf(step) {
  const stages = [];
  step.tensors.forEach((tensor, index) => {
    const layer = ['forward', 'backward'].includes(tensor.part) ? tensor.layer : 0, last = stages.at(-1);
    if (last === undefined || last.part !== tensor.part || last.layer !== layer)
      stages.push({ part: tensor.part, layer, tensors: [], last: index });
    stages.at(-1).tensors.push(tensor);
    stages.at(-1).last = index;
  });
  return stages;
}

const shortNames = {
  'before the step': 'Start', forward: 'Forward', loss: 'Loss', backward: 'Backward', gradients: 'Gradients', update: 'Update',
};
const nameOfStage = stage => `${shortNames[stage.part]}${stage.layer > 0 ? ` ${stage.layer}` : ''}`;

function descriptionOf({ part, layer }) {
  const forward = layer === 1 ? 'Dropout sets some inputs to 0 before they reach the network.'
    : `Each unit of layer ${layer} adds up its inputs times their weights, plus its bias: z. ` +
      'Its activation function turns z into a.';
  const backward = layer === layerCount
    ? `The derivative of J with respect to each output, times f′(z), is the derivative with respect to each z: δ of layer ${layer}.`
    : `Each δ of layer ${layer + 1} goes back through the weights of the forward pass. ` +
      `The sum at each unit, times f′(z), is δ of layer ${layer}.`;
  return {
    forward,
    backward,
    'before the step': 'The step starts from the inputs of the row, its targets, and the current weights and biases.',
    loss: 'The loss measures how far the outputs are from the targets. The step should make the objective J smaller.',
    gradients: 'The derivative of J with respect to a weight is δ of the unit it leads to, times a of the unit it comes from, summed over the rows.',
    update: 'Every weight and bias moves against its gradient. Then the same rows go through a forward pass with the new weights.',
  }[part];
}

const page = {
  step: explained.steps[0], stages: [], index: 0, row: 0, chosen: null, heat: 'units',
  get stage() { return this.stages[this.index]; },

  setStep(step) {
    this.step = step;
    this.stages = stagesOf(step);
    this.index = Math.min(this.index, this.stages.length - 1);
    find('step').value = String(step.step);
    find('stages').replaceChildren(...this.stages.map((stage, index) => {
      const button = html('button', { type: 'button' }, nameOfStage(stage));
      button.addEventListener('click', () => this.go(index));
      return html('li', {}, button);
    }));
    tableView.fill(step);
  },

  // Goes to a stage; after the last stage of a step comes the first of the next step.
  go(index) {
    const other = explained.steps[explained.steps.indexOf(this.step) + Math.sign(index - this.index)];
    if (index >= this.stages.length || index < 0) {
      if (other === undefined) return;
      this.index = index < 0 ? this.stages.length - 1 : 0;
      this.setStep(other);
    } else {
      this.index = index;
    }
    this.show();
  },

  choose(key) {
    if (decodeURIComponent(location.hash.slice(1)) === key) this.readHash();
    else location.hash = key;
  },

  readHash() {
    const entry = entryOf(decodeURIComponent(location.hash.slice(1)));
    this.chosen = entry;
    if (entry !== null) {
      if (entry.tensor.step !== this.step) this.setStep(entry.tensor.step);
      if (['units', 'rows'].includes(entry.tensor.axes)) this.row = entry.row;
    }
    this.showPanel();
    this.show();
  },

  showPanel() {
    if (this.chosen === null) {
      find('panel-content').replaceChildren(find('hint').content.cloneNode(true));
      return;
    }
    find('panel-content').replaceChildren(...panelOf(this.chosen));
    find('chosen').textContent = `${this.chosen.name}, ${this.chosen.tensor.meaning}: ${short(this.chosen.engine)}`;
  },

  show() {
    const focused = document.activeElement?.dataset?.slot;
    find('row').value = String(this.row);
    [...find('stages').querySelectorAll('button')].forEach((button, index) => {
      if (index === this.index) button.setAttribute('aria-current', 'step');
      else button.removeAttribute('aria-current');
      button.classList.toggle('passed', index < this.index);
    });
    this.keepInView(find('stages'), find('stages').children[this.index]);
    find('back').disabled = this.index === 0 && this.step === explained.steps[0];
    find('on').disabled = this.index === this.stages.length - 1 && this.step === explained.steps.at(-1);
    this.showStage();
    this.draw();
    if (focused !== undefined) document.querySelector(`[data-slot="${focused}"]`)?.focus();
  },

  keepInView(list, item) {
    list.scrollLeft = Math.max(0, item.offsetLeft - list.offsetLeft - (list.clientWidth - item.offsetWidth) / 2);
  },

  showStage() {
    const { stage } = this;
    find('stage-name').textContent = stage.layer > 0 ? `${shortNames[stage.part]}, layer ${stage.layer}` : shortNames[stage.part];
    find('description').textContent = descriptionOf(stage);
    const bySymbol = new Map();
    for (const tensor of stage.tensors) {
      const key = tensor.symbol + (tensor.after ? '+' : '');
      if (tensor.formula !== '') bySymbol.set(key, [...(bySymbol.get(key) ?? []), tensor]);
    }
    find('formulas').replaceChildren(...[...bySymbol.values()].map(tensors => this.formulaItem(tensors)));
    const objective = this.step.byName.get('objective'), after = this.step.byName.get('objective_after');
    const isMade = tensor => this.step.tensors.indexOf(tensor) <= stage.last;
    const later = isMade(after) ? ` → ${short(after.engine(0))}` : '';
    find('objective').textContent = isMade(objective) ? `J = ${short(objective.engine(0))}${later}` : '';
  },

  // The formula of a quantity, for the first layer that has it in this stage.
  formulaItem(tensors) {
    const [tensor] = tensors, isPerRow = ['units', 'rows'].includes(tensor.axes), more = tensors.length - 1;
    const first = new Entry(tensor, isPerRow ? this.row : 0, 0);
    const label = `${tensor.meaning}: ${tensor.formula}`, article = tensor.article.replaceAll(', ', ') (');
    return html('li', {},
      html('button', { type: 'button', class: 'formula', 'data-key': first.key, 'aria-label': label },
        mathInline(wholeFormula(tensor)),
        tensor.axes === 'single' ? html('span', { class: 'value' }, `= ${short(first.engine)}`) : null),
      html('span', { class: 'article', title: 'formula in the tutorial' }, article && `(${article})`),
      more > 0 ? html('span', { class: 'others' }, `likewise in ${more} more layer${more > 1 ? 's' : ''}`) : null);
  },

  draw() {
    const figure = find('figure'), layout = layOut(Math.max(320, figure.clientWidth));
    const { width, height } = layout, frame = { width, height, viewBox: `0 0 ${width} ${height}` };
    figure.replaceChildren(
      svg('svg', { ...frame, role: 'group', 'aria-label': 'the network' }, ...new Drawing(this, layout).draw()));
    const wide = Array.from({ length: layerCount }, (_, k) => k + 1).find(layer => unitAbove(this, layer) !== null);
    find('heat-choice').hidden = wide === undefined;
    if (wide !== undefined) find('heat-of').textContent = `weights into unit ${unitAbove(this, wide) + 1} of layer ${wide + 1}`;
    for (const input of document.getElementsByName('heat')) input.checked = input.value === this.heat;
    const links = shownLinks(this, 1);
    const name = { W: 'W', dW: '∂loss/∂W', g_W: isSymbol('clip') ? 'g' : '∂J/∂W' }[links.symbol];
    find('legend-links').textContent = `links: ${name}${links.after ? ' new' : ''}`;
  },
};

function describe() {
  const { network, loss, optimizer, rows } = explained;
  const layers = network.layers.map(layer => `${layer.units} ${layer.activation}`).join(' → ');
  const target = k => explained.raw_targets[k] === undefined ? '' : ` (${explained.raw_targets[k]})`;
  const shown = rows.slice(0, 6).map((number, k) => number + target(k)).join(', ');
  find('network-line').textContent = `${network.inputs} → ${layers}`;
  const facts = [`loss ${loss.name.replaceAll('_', ' ')}`, `${optimizer.name}, learning rate ${explained.learning_rate}`,
    explained.weight_decay > 0 ? `weight decay ${explained.weight_decay}` : '',
    explained.clip_norm > 0 ? `clip norm ${explained.clip_norm}` : '',
    `row${manyRows ? 's' : ''} ${shown}${rows.length > 6 ? `, … ${rows.length - 6} more` : ''}`];
  find('facts').replaceChildren(...facts.filter(fact => fact !== '').map(fact => html('li', {}, fact)));
  find('step').replaceChildren(...explained.steps.map(step => html('option', { value: step.step }, String(step.step))));
  find('row').replaceChildren(...rows.map((number, k) => html('option', { value: k }, number + target(k))));
  find('step-choice').hidden = explained.steps.length < 2;
  find('row-choice').hidden = !manyRows;
  find('beyond').hidden = explained.within_bounds;
  const positionInWords = each => `${each.name} (step ${each.step}, row ${each.row}, column ${each.column})`;
  find('beyond').textContent = `Differences above the rounding error bound: ${explained.excesses.map(positionInWords).join('; ')}.`;
  find('program').textContent = explained.program;
}

function listen() {
  const choose = event => {
    const key = event.target.closest?.('[data-key]')?.dataset.key;
    if (key !== undefined) page.choose(key);
    return key !== undefined;
  };
  document.addEventListener('click', choose);
  document.addEventListener('keydown', event => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const isControl = event.target.closest?.('input, select, .scrolls') !== null;
    const isPress = (event.key === 'Enter' || event.key === ' ') && !(event.target instanceof HTMLElement);
    if (isPress) choose(event) && event.preventDefault();
    else if (moveFocus(event)) event.preventDefault();
    else if (!isControl && event.key === 'ArrowRight') page.go(page.index + 1);
    else if (!isControl && event.key === 'ArrowLeft') page.go(page.index - 1);
  });
  document.addEventListener('pointerover', event => {
    const entry = entryOf(event.target.closest?.('svg [data-key]')?.dataset.key ?? '//');
    const origin = entry === null ? '' : originOf(entry);
    find('readout').textContent = entry === null ? '' : `${entry.name} = ${short(entry.engine)}   ${origin}`;
  });
  window.addEventListener('hashchange', () => page.readHash());
  find('on').addEventListener('click', () => page.go(page.index + 1));
  find('back').addEventListener('click', () => page.go(page.index - 1));
  find('earlier').addEventListener('click', () => history.back());
  find('later').addEventListener('click', () => history.forward());
  find('step').addEventListener('change', event => { page.setStep(explained.steps[event.target.selectedIndex]); page.show(); });
  find('row').addEventListener('change', event => { page.row = event.target.selectedIndex; page.show(); });
  find('quantity').addEventListener('change', event => tableView.show(page.step.byName.get(event.target.value)));
  for (const input of document.getElementsByName('heat'))
    input.addEventListener('change', () => { page.heat = input.value; page.draw(); });
  find('theme').addEventListener('click', () => {
    const isDark = document.documentElement.dataset.theme === undefined ? matchMedia('(prefers-color-scheme: dark)').matches
                                                                         : document.documentElement.dataset.theme === 'dark';
    document.documentElement.dataset.theme = isDark ? 'light' : 'dark';
  });
  let width = 0;
  new ResizeObserver(() => {
    if (find('figure').clientWidth === width) return;
    width = find('figure').clientWidth;
    page.draw();
  }).observe(find('figure'));
}

describe();
page.setStep(explained.steps[0]);
page.readHash();
listen();
