// SPDX-License-Identifier: Apache-2.0
// The page's data: the document (docs/formats.md). Numbers are unpacked when they are first read.
'use strict';

// Control characters, and marks that reorder or hide text, are legible as escapes.
const legible = (key, value) => typeof value === 'string'
  ? value.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
  : value;
const explained = JSON.parse(document.getElementById('data').textContent, legible);

// Returns a function from an index to a number.
function unpacked(packed) {
  if (typeof packed === 'number') return () => packed;
  let array = null;
  return index => {
    if (array === null) {
      const bytes = Uint8Array.from(atob(packed.float32 ?? packed.float64), c => c.charCodeAt(0));
      array = packed.float32 === undefined ? new Float64Array(bytes.buffer) : new Float32Array(bytes.buffer);
    }
    return array[index];
  };
}

// The meaning of a tensor's rows and columns.
function axesOf(tensor) {
  if (tensor.layer > 0 && tensor.symbol.endsWith('W')) return 'weights';
  if (tensor.layer > 0 && tensor.symbol.endsWith('b')) return 'biases';
  if (tensor.layer > 0 || ['y', 'y_smooth', 'p'].includes(tensor.symbol)) return 'units';
  return ['row_weight', 'sample_loss', 'log_sum'].includes(tensor.symbol) ? 'rows' : 'single';
}

for (const step of explained.steps) {
  step.byName = new Map();
  for (const tensor of step.tensors) {
    tensor.step = step;
    tensor.axes = axesOf(tensor);
    tensor.isFloat = typeof tensor.engine === 'number' ? Math.fround(tensor.engine) === tensor.engine : 'float32' in tensor.engine;
    tensor.truth = tensor.truth === undefined ? unpacked(tensor.engine) : unpacked(tensor.truth);
    tensor.engine = unpacked(tensor.engine);
    tensor.bound = unpacked(tensor.bound);
    tensor.size = tensor.rows * tensor.columns;
    step.byName.set(tensor.name, tensor);
  }
}

const layerCount = explained.network.layers.length + 1;
const manyRows = explained.rows.length > 1;
const unitsOf = layer => layer === 1 ? explained.network.inputs : explained.network.layers[layer - 2].units;

// One number of a step.
class Entry {
  constructor(tensor, row, column) {
    this.tensor = tensor;
    this.row = row;
    this.column = column;
    this.index = row * tensor.columns + column;
  }
  static at(tensor, index) {
    return new Entry(tensor, Math.floor(index / tensor.columns), index % tensor.columns);
  }
  get engine() { return this.tensor.engine(this.index); }
  get truth() { return this.tensor.truth(this.index); }
  get bound() { return this.tensor.bound(this.index); }
  get isWithin() { return Math.abs(this.engine - this.truth) <= this.bound; }
  get key() { return `${this.tensor.step.step}/${this.tensor.name}/${this.row}/${this.column}`; }
  // The layer and the unit (from 0) of the number; a weight belongs to the unit that it leads to.
  get layer() { return this.tensor.layer + (['weights', 'biases'].includes(this.tensor.axes) ? 1 : 0); }
  get unit() { return ['weights', 'biases'].includes(this.tensor.axes) ? this.row : this.column; }
  // "z2[3]", "W1[3,1]", with several rows "z2[3; row 17]".
  get name() {
    const row = manyRows ? `row ${explained.rows[this.row]}` : '';
    const inside = {
      weights: `${this.row + 1},${this.column + 1}`,
      biases: `${this.row + 1}`,
      units: `${this.column + 1}${row && '; ' + row}`,
      rows: row,
      single: '',
    }[this.tensor.axes];
    return inside === '' ? this.tensor.name : `${this.tensor.name}[${inside}]`;
  }
}

// The entry of "1/z2/0/2", or null.
function entryOf(key) {
  const [step, name, row, column] = key.split('/');
  const tensor = explained.steps.find(each => each.step === Number(step))?.byName.get(name);
  const there = tensor && Number(row) < tensor.rows && Number(column) < tensor.columns;
  return there ? new Entry(tensor, Number(row), Number(column)) : null;
}

const indexFor = {
  first: () => 0,
  row: entry => entry.row,
  column: entry => entry.column,
  term: (entry, k) => k,
  term_row: (entry, k, columns) => Math.floor(k / columns),
  term_column: (entry, k, columns) => k % columns,
};

// The derivation of an entry: its tensor's recipe with the indices substituted. Term k is made on demand.
function derivationOf(entry) {
  const { before, terms, after } = entry.tensor.recipe;
  const written = (of, k) => ({
    pattern: of.pattern,
    factors: of.factors.map(([name, row, column]) => {
      const tensor = entry.tensor.step.byName.get(name);
      const index = kind => indexFor[kind](entry, k, tensor.columns);
      return new Entry(tensor, index(row), index(column));
    }),
  });
  return {
    before: written(before, 0),
    after: written(after, 0),
    count: terms.reduce((sum, of) => sum + of.count, 0),
    term(k) {
      for (const of of terms) {
        if (k < of.count) return written(of, k);
        k -= of.count;
      }
      return null;
    },
  };
}

// An input's value in the file, or a target's class or column; '' if there is none.
function originOf({ tensor, row, column }) {
  const names = explained.output_names;
  if (['y', 'y_smooth', 'p'].includes(tensor.symbol) || (tensor.symbol === 'a' && tensor.layer === layerCount))
    return names[Math.min(column, names.length - 1)] ?? '';
  if (tensor.name !== 'a1') return '';
  const input = explained.columns[column], [height, width] = explained.image;
  if (height > 0) return `pixel in line ${Math.floor(column / width) + 1}, column ${(column % width) + 1}`;
  if (input === undefined) return '';
  const raw = explained.raw_inputs[row]?.[column];
  if (input.constant) return `${input.name} (constant when trained)`;
  if (input.landmarks.length > 0) return `${input.name} = normal quantile of the rank of ${raw}`;
  if (input.shift === 0 && input.scale === 1 && !input.clipped) return `${input.name} = ${raw}`;
  const shift = input.shift < 0 ? `+ ${short(-input.shift)}` : `− ${short(input.shift)}`;
  const v = `(${raw} ${shift}) / ${short(input.scale)}`;
  return input.clipped ? `${input.name} = v / √(1 + (v / 3)²), v = ${v}` : `${input.name} = ${v}`;
}

// Four significant digits.
function short(value) {
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))).replaceAll('-', '−') : 'not finite';
}
// The shortest text that reads back to the same float or double.
function exact(value, isFloat) {
  if (!Number.isFinite(value)) return 'not finite';
  for (let digits = 6; isFloat && digits < 10; ++digits)
    if (Math.fround(Number(value.toPrecision(digits))) === value) return String(Number(value.toPrecision(digits)));
  return String(value);
}
const rough = value => value === 0 ? '0' : value.toExponential(2);
