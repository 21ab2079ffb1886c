// SPDX-License-Identifier: Apache-2.0
// The drawing: units and links of the current stage. Every element with a data-key can be chosen.
'use strict';

function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function largest(tensor, from = 0, count = tensor.size) {
  let most = 0;
  for (let k = from; k < from + count; ++k) if (Math.abs(tensor.engine(k)) > most) most = Math.abs(tensor.engine(k));
  return most;
}

// The quantities that the drawing shows for a layer's units, and for the links above it, at the current stage.
function shownUnits(at, layer) {
  const made = name => {
    const tensor = at.step.byName.get(name + layer);
    return tensor !== undefined && at.step.tensors.indexOf(tensor) <= at.stage.last ? tensor : undefined;
  };
  return made('delta') ?? made('a') ?? made('z');
}
function shownLinks(at, layer) {
  const of = name => at.step.byName.get(name);
  if (at.stage.part === 'gradients') return of(`g_W${layer}`) ?? of(`dW${layer}`);
  return at.stage.part === 'update' ? of(`W${layer}_after`) : of(`W${layer}`);
}
// Whether this stage uses the links above a layer.
function isAtWork(stage, layer) {
  if (stage.part === 'forward') return layer === stage.layer - 1;
  if (stage.part === 'backward') return layer === stage.layer && layer < layerCount;
  return stage.part !== 'loss';
}

class Drawing {
  constructor(at, layout) {
    this.at = at;
    this.layout = layout;
    this.chosen = at.chosen;
  }

  column(layer) { return this.layout.layers[layer - 1]; }
  // Whether it is the chosen number, or another one of the same link.
  isChosen(entry) {
    const chosen = this.chosen;
    if (chosen === null || entry.tensor.axes !== 'weights') return chosen?.key === entry.key;
    const isSameEntry = chosen.layer === entry.layer && chosen.row === entry.row && chosen.column === entry.column;
    return chosen.tensor.axes === 'weights' && isSameEntry;
  }
  // Whether a link is chosen or leads to or from the chosen unit.
  touches(link) {
    const { chosen } = this;
    if (chosen === null || chosen.tensor.axes === 'weights') return this.isChosen(link);
    return this.isChosenUnit(link.layer, link.row) || this.isChosenUnit(link.layer - 1, link.column);
  }
  // Whether it is the unit of the chosen number. For a weight: a heat map cell at one of its ends.
  isChosenUnit(layer, unit) {
    const chosen = this.chosen;
    if (chosen === null || ['rows', 'single'].includes(chosen.tensor.axes)) return false;
    if (chosen.tensor.layer === 0) return layer === layerCount && chosen.column === unit;
    if (chosen.tensor.axes !== 'weights') return chosen.layer === layer && chosen.unit === unit;
    const isEnd = chosen.layer === layer ? chosen.row === unit : chosen.layer === layer + 1 && chosen.column === unit;
    return isEnd && isHeatMap(layer);
  }

  button(tag, entry, attributes, ...children) {
    return svg(tag, {
      'data-key': entry.key, role: 'button', tabindex: -1, 'aria-pressed': this.isChosen(entry),
      'aria-label': `${entry.name} = ${short(entry.engine)}`, ...attributes,
    }, ...children);
  }

  group(label, more, children) {
    const group = svg('g', { role: 'group', 'aria-label': label, 'data-roving': '', ...more }, ...children);
    const first = group.querySelector('[aria-pressed=true]') ?? group.querySelector('[data-key]');
    first?.setAttribute('tabindex', 0);
    return group;
  }

  link(weights, i, j, scale) {
    const below = this.column(weights.layer), above = this.column(weights.layer + 1);
    const from = positionOf(below, j), to = positionOf(above, i), entry = new Entry(weights, i, j);
    const fraction = scale === 0 ? 0 : Math.min(1, Math.abs(entry.engine) / scale);
    const x1 = from.x + (below.radius ?? 0), x2 = to.x - (above.radius ?? 0), middle = (x1 + x2) / 2;
    const path = `M${x1} ${from.y}C${middle} ${from.y} ${middle} ${to.y} ${x2} ${to.y}`;
    const slot = `w${weights.layer}/${i}/${j}`;
    return this.button('g', entry, { class: this.touches(entry) ? 'link touched' : 'link', 'data-slot': slot },
      svg('path', { d: path, class: 'reach', 'stroke-width': weights.size > 60 ? 2 : 10 }),
      svg('path', { d: path, class: 'halo', 'stroke-width': 4.5 + 5.5 * fraction }),
      svg('path', { d: path, stroke: cssColor(colorOf(entry.engine / (scale || 1))), 'stroke-width': 0.8 + 5.2 * fraction }));
  }

  // Numbers on links, if there are few: near their lower ends, so that they do not overlap.
  linkLabels(weights) {
    const below = this.column(weights.layer), above = this.column(weights.layer + 1);
    const labels = svg('g', { class: 'labels', 'aria-hidden': true });
    if (weights.size > 12 || this.layout.gap < 150) return labels;
    for (let k = 0; k < weights.size; ++k) {
      const entry = Entry.at(weights, k), from = positionOf(below, entry.column), to = positionOf(above, entry.row);
      const t = entry.column % 2 === 0 ? 0.28 : 0.42, u = 1 - t;
      const x1 = from.x + below.radius, x2 = to.x - above.radius, middle = (x1 + x2) / 2;
      const x = u ** 3 * x1 + 3 * (u * u * t + u * t * t) * middle + t ** 3 * x2;
      const y = (u ** 3 + 3 * u * u * t) * from.y + (3 * u * t * t + t ** 3) * to.y;
      labels.append(svg('text', { x, y: y + 4, class: 'on-link' }, short(Number(entry.engine.toPrecision(3)))));
    }
    return labels;
  }

  links(layer) {
    const weights = shownLinks(this.at, layer), below = this.column(layer), above = this.column(layer + 1);
    const scale = largest(weights), parts = [], areDrawn = below.cell === undefined && above.cell === undefined;
    const isTouched = part => part.classList.contains('touched');
    if (areDrawn) {
      for (let i = 0; i < weights.rows; ++i)
        for (let j = 0; j < weights.columns; ++j) parts.push(this.link(weights, i, j, scale));
      parts.sort((a, b) => isTouched(a) - isTouched(b));  // touched links last, so that they are on top
    } else {
      parts.push(this.wedge(below, above), ...this.linksOfChosen(weights, scale));
    }
    const label = `${weights.meaning}: ${weights.rows} times ${weights.columns}`;
    const singled = weights.size > 24 && parts.some(isTouched) ? ' singled' : '', atWork = isAtWork(this.at.stage, layer);
    const more = { class: `links ${atWork ? 'at-work' : 'at-rest'}${singled}`, 'data-slot': `links${layer}` };
    return svg('g', {}, this.group(label, more, parts),
      ...(atWork && areDrawn ? [this.linkLabels(weights)] : []));
  }

  wedge(below, above) {
    const end = column => column.cell === undefined
      ? [positionOf(column, 0).y, positionOf(column, column.units - 1).y] : [column.top, column.top + column.height];
    const [a, b] = end(below), [c, d] = end(above), middle = (below.right + above.left) / 2;
    return svg('path', { class: 'wedge', d: `M${below.right} ${a}C${middle} ${a} ${middle} ${c} ${above.left} ${c}V${d}` +
      `C${middle} ${d} ${middle} ${b} ${below.right} ${b}Z` });
  }

  // Next to a heat map only the links of the chosen cell or unit are drawn.
  linksOfChosen(weights, scale) {
    const below = this.column(weights.layer), above = this.column(weights.layer + 1), chosen = this.chosen;
    if (chosen === null || chosen.tensor.layer === 0) return [];
    const isLink = chosen.tensor.axes === 'weights' && chosen.tensor.layer === weights.layer;
    if (isLink && above.cell !== undefined && below.cell !== undefined)
      return [this.link(weights, chosen.row, chosen.column, scale)];
    if (above.cell === undefined && (isLink || (chosen.tensor.axes === 'units' && chosen.layer === weights.layer)))
      return Array.from({ length: weights.rows }, (_, i) => this.link(weights, i, chosen.column, scale));
    if (below.cell === undefined && (isLink || chosen.layer === weights.layer + 1))
      return Array.from({ length: weights.columns }, (_, j) => this.link(weights, chosen.unit, j, scale));
    return [];
  }

  units(layer) {
    const column = this.column(layer), tensor = shownUnits(this.at, layer);
    const scale = tensor === undefined ? 0 : largest(tensor, this.at.row * tensor.columns, tensor.columns);
    const made = column.cell !== undefined ? heatMapCells(this, layer, tensor, scale)
      : Array.from({ length: column.units }, (_, unit) => this.unit(layer, unit, tensor, scale));
    const more = { 'data-slot': `units${layer}`, 'data-columns': column.columns,
                   class: column.cell === undefined ? 'units' : 'units heat-map' };
    return svg('g', {}, this.group(`Layer ${layer}, ${column.units} units`, more, made), this.caption(layer, tensor));
  }

  unit(layer, unit, tensor, scale) {
    const column = this.column(layer), { x, y } = positionOf(column, unit), r = column.radius;
    const marked = this.isChosenUnit(layer, unit) ? ' chosen' : '';
    const slot = { 'data-slot': `u${layer}/${unit}` };
    if (tensor === undefined) {
      const waiting = this.at.step.byName.get(`z${layer}`);
      return this.button('g', new Entry(waiting, this.at.row, unit),
        { ...slot, class: 'unit waiting', 'aria-label': `unit ${unit + 1} of layer ${layer}, not computed yet` },
        svg('circle', { cx: x, cy: y, r }), ...this.besides(layer, unit, x, y, r));
    }
    const entry = new Entry(tensor, this.at.row, unit), color = colorOf(scale === 0 ? 0 : entry.engine / scale);
    const inside = r < 18 ? [] : [svg('text', { x, y: y + 4, class: 'inside', fill: inkOn(color) }, fitting(entry.engine, 2 * r))];
    return this.button('g', entry, { ...slot, class: `unit${marked}` },
      svg('circle', { cx: x, cy: y, r: r + 4.5, class: 'halo' }),
      svg('circle', { cx: x, cy: y, r, fill: cssColor(color) }), ...inside,
      ...this.besides(layer, unit, x, y, r, tensor), ...this.under(layer, unit, x, y, r, tensor));
  }

  // The name of an input or output, and the number of a unit that is too small to hold it.
  besides(layer, unit, x, y, r, tensor) {
    if (!this.layout.isWide || (layer !== 1 && layer !== layerCount)) return [];
    const name = layer === 1 ? explained.columns[unit]?.name : explained.output_names[unit];
    const number = tensor === undefined || r >= 18 ? '' : compact(tensor.engine(this.at.row * tensor.columns + unit));
    const text = [name === undefined ? '' : shortened(name, number === '' ? 15 : 9), number].filter(part => part !== '').join('  ');
    const side = layer === 1 ? { x: x - r - 9, 'text-anchor': 'end' } : { x: x + r + 9, 'text-anchor': 'start' };
    return [svg('text', { ...side, y: y + 4, class: 'beside' }, text)];
  }

  // z, a, delta below a unit if they fit: those that are computed already and not shown inside it.
  under(layer, unit, x, y, r, tensor) {
    if (this.column(layer).spacing < 80) return [];
    const lines = ['z', 'a', 'delta'].map(symbol => this.at.step.byName.get(symbol + layer))
      .filter(of => of !== undefined && of !== tensor && this.at.step.tensors.indexOf(of) <= this.at.stage.last);
    return lines.map((of, k) => svg('text', { x, y: y + r + 15 + 13 * k, class: 'under' },
      `${letters[of.symbol] ?? of.symbol} ${compact(of.engine(this.at.row * of.columns + unit))}`));
  }

  caption(layer, tensor) {
    const column = this.column(layer), name = layer === 1 ? 'inputs' : layer === layerCount ? 'outputs' : `layer ${layer}`;
    const units = column.units === 1 ? '1 unit' : `${column.units} units`;
    const shows = tensor === undefined ? 'not computed yet' : `${letters[tensor.symbol] ?? tensor.symbol} of ${units}`;
    return svg('g', { class: 'caption', 'aria-hidden': true },
      svg('text', { x: column.center, y: 15, class: 'layer-name' }, name),
      svg('text', { x: column.center, y: 31 }, shows));
  }

  draw() {
    const parts = [];
    for (let layer = 1; layer < layerCount; ++layer) parts.push(this.links(layer));
    for (let layer = 1; layer <= layerCount; ++layer) parts.push(this.units(layer));
    return parts;
  }
}

const compact = value => short(Number(value.toPrecision(Math.abs(value) < 1e-3 && value !== 0 ? 1 : 3)));
// With as many digits as fit into the width.
function fitting(value, width) {
  const widthOf = text => 6.5 * text.length;
  const texts = [3, 2, 1].map(digits => short(Number(value.toPrecision(digits))));
  return texts.find(text => widthOf(text) <= width) ?? value.toExponential(0).replaceAll('-', '−');
}
const shortened = (text, most) => text.length <= most ? text : `${text.slice(0, most - 1)}…`;
