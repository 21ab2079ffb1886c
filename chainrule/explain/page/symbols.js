// SPDX-License-Identifier: Apache-2.0
// Quantities in the article's notation: layers as superscripts in brackets, units as subscripts.
'use strict';

const letters = {
  delta: 'δ', objective: 'J', sample_loss: 'ℓ', log_sum: 'log-sum', decay_term: 'decay', first: 'v', second: 's',
  f_prime: 'z', d_a: 'a', a_masked: 'ã', row_weight: 'row weight', y_smooth: 'ỹ', g: 'g',
};
const isSymbol = text => explained.steps[0].byName.has(text);

// The letter with its layer as superscript and, for one number, its unit as subscript.
function letterInMath(letter, tensor, entry) {
  const base = math('mi', letter);
  const above = row();
  if (tensor.layer > 0) above.append(math('mo', '('), math('mn', String(tensor.layer)), math('mo', ')'));
  if (tensor.after) above.append(math('mtext', 'new'));
  const below = row();
  if (entry !== null) below.append(...indicesInMath(entry));
  if (above.childElementCount === 0) return below.childElementCount === 0 ? base : math('msub', base, below);
  return below.childElementCount === 0 ? math('msup', base, above) : math('msubsup', base, below, above);
}

function indicesInMath(entry) {
  const number = k => math('mn', String(k + 1));
  const rowNumber = math('mtext', `row ${explained.rows[entry.row]}`);
  switch (entry.tensor.axes) {
    case 'weights':
      return Math.max(entry.row, entry.column) < 9 ? [number(entry.row), number(entry.column)]
                                                   : [number(entry.row), math('mo', ','), number(entry.column)];
    case 'biases':
      return [number(entry.row)];
    case 'units':
      return manyRows ? [number(entry.column), math('mo', ','), rowNumber] : [number(entry.column)];
    default:
      return manyRows && entry.tensor.axes === 'rows' ? [rowNumber] : [];
  }
}

// A tensor as a whole (entry null), or one of its numbers.
function symbolInMath(tensor, entry = null) {
  const { symbol } = tensor;
  const letter = letterInMath(letters[symbol] ?? symbol, tensor, entry);
  const derivative = (of, by) =>
    math('mfrac', row(math('mo', '∂'), math('mi', of)), row(math('mo', '∂'), letterInMath(by, tensor, entry)));
  if (symbol === 'f_prime') return row(math('mi', 'f′'), math('mo', '('), letter, math('mo', ')'));
  if (symbol === 'd_a') return derivative('J', 'a');
  if (symbol === 'dW' || symbol === 'db') return derivative('loss', symbol[1]);
  // After clipping it is not the derivative any more.
  if (symbol.startsWith('g_') && !isSymbol('clip')) return derivative('J', symbol[2]);
  if (symbol === 'gradient_norm') return row(math('mo', '‖'), math('mo', '∇'), math('mi', 'loss'), math('mo', '‖'));
  const [memory, of] = symbol.split('_');
  if (!['first', 'second', 'g'].includes(memory)) return letter;
  const inner = letterInMath(of, { ...tensor, after: false }, entry), base = math('mi', letters[memory]);
  return tensor.after ? math('msubsup', base, inner, math('mtext', 'new')) : math('msub', base, inner);
}

// A word in a formula: a quantity, a function, or an ordinary word.
function nameInMath(text) {
  const tensor = explained.steps[0].byName.get(text);
  if (tensor !== undefined) return symbolInMath(tensor);
  if (text.endsWith('_after')) return math('msup', math('mi', text.slice(0, -6)), math('mtext', 'new'));
  return math('mi', text.replace("'", '′').replaceAll('_', ' '));
}

const mathBlock = inner => {
  const block = math('math', inner);
  block.setAttribute('display', 'block');
  return block;
};
const mathInline = inner => math('math', inner);

// "z(2) = W(1) a(1) + b(1)": the formula of a whole quantity; null for given quantities.
function wholeFormula(tensor) {
  if (tensor.formula === '') return null;
  return row(symbolInMath(tensor), math('mo', '='), setInMath(tokensOf(tensor.formula), () => row()));
}

// "formulas (3), (16) in the tutorial", or ''.
function articleOf(tensor) {
  if (tensor.article === '') return '';
  const numbers = tensor.article.split(', ');
  return `${numbers.length > 1 ? 'formulas' : 'formula'} ${numbers.map(each => `(${each})`).join(', ')} in the tutorial`;
}
