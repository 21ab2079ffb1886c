// SPDX-License-Identifier: Apache-2.0
// Parses the document's formulas ("{} * ({} - {})", "W1 a1 + b1") and sets them in MathML. Plain arithmetic is also
// computed again, as a check of the numbers shown.
'use strict';

function math(tag, ...children) {
  const made = document.createElementNS('http://www.w3.org/1998/Math/MathML', tag);
  made.append(...children);
  return made;
}
const row = (...children) => math('mrow', ...children);

// Each {} takes the next factor.
function tokensOf(pattern, factors = []) {
  const tokens = [];
  let next = 0, end = 0;
  const grammar = /\{\}|\d+(?:\.\d+)?(?:e[+-]?\d+)?|[A-Za-z_][A-Za-z_0-9]*'?|[-+*/^()|,]|[^\s]/g;
  for (const found of pattern.matchAll(grammar)) {
    const glued = found.index === end && found.index > 0;
    end = found.index + found[0].length;
    tokens.push(found[0] === '{}' ? { factor: factors[next++] } : { text: found[0], glued });
  }
  return tokens;
}

// A whole derivation; of more than `most` terms only the first ones and the last.
function tokensOfDerivation(made, most) {
  const tokens = tokensOf(made.before.pattern, made.before.factors);
  const shown = made.count <= most ? made.count : most - 1;
  for (let k = 0; k < made.count; ++k) {
    if (k > 0) tokens.push({ text: '+' });
    if (k === shown && shown < made.count - 1) {
      tokens.push({ left: made.count - shown - 1 }, { text: '+' });
      k = made.count - 1;
    }
    const term = made.term(k);
    tokens.push(...tokensOf(term.pattern, term.factors));
  }
  return tokens.concat(tokensOf(made.after.pattern, made.after.factors));
}

const isName = token => token?.text !== undefined && /^[A-Za-z_]/.test(token.text);
const isNumber = token => token?.text !== undefined && /^\d/.test(token.text);

// Parses sums of products of powers; throws SyntaxError if the text is not an expression.
class Reader {
  constructor(tokens) { this.tokens = tokens; this.at = 0; }
  get next() { return this.tokens[this.at]; }
  takes(...texts) { return texts.includes(this.next?.text) ? this.tokens[this.at++].text : null; }
  must(text) { if (!this.takes(text)) throw new SyntaxError(`expected ${text}`); }

  whole() {
    const node = this.sum();
    if (this.next !== undefined) throw new SyntaxError('expected the end');
    return node;
  }
  sum() {
    const parts = [{ sign: '+', node: this.product() }];
    for (let sign; (sign = this.takes('+', '-'));) parts.push({ sign, node: this.product() });
    return parts.length === 1 ? parts[0].node : { kind: 'sum', parts };
  }
  product() {
    let node = this.power();
    while (true) {
      if (this.takes('*')) node = this.times(node, this.power(), '×');
      else if (this.takes('/')) node = { kind: 'fraction', above: node, below: this.power() };
      else if (isName(this.next) && isSymbol(this.next.text)) node = this.times(node, this.power(), '');
      else return node;
    }
  }
  times(left, right, sign) { return { kind: 'product', left, right, sign }; }
  power() {
    if (this.takes('-')) return { kind: 'minus', of: this.power() };
    const base = this.primary();
    return this.takes('^') ? { kind: 'power', base, exponent: this.exponent() } : base;
  }
  exponent() { return this.takes('-') ? { kind: 'minus', of: this.primary() } : this.primary(); }
  primary() {
    const token = this.next;
    if (token === undefined) throw new SyntaxError('expected more');
    this.at++;
    if (token.factor !== undefined || token.left !== undefined || token.sum !== undefined) return { kind: 'leaf', token };
    if (isNumber(token)) return { kind: 'leaf', token };
    if (isName(token) && this.next?.text === '(' && this.next.glued) return this.call(token.text);
    if (isName(token) && (isSymbol(token.text) || token.text.length === 1)) return { kind: 'leaf', token };
    const closing = { '(': ')', '|': '|' }[token.text];
    if (closing === undefined) throw new SyntaxError(token.text);
    const inner = this.sum();
    this.must(closing);
    return { kind: 'group', opening: token.text, closing, inner };
  }
  call(name) {
    this.must('(');
    const inputs = [this.sum()];
    while (this.takes(',')) inputs.push(this.sum());
    this.must(')');
    return { kind: 'call', name, inputs };
  }
}

// "1.5e-7" as a product with a power of ten.
function mathOfNumber(text) {
  const [mantissa, exponent] = text.replace('−', '-').split('e');
  if (exponent === undefined) return math('mn', text);
  const power = math('msup', math('mn', '10'), mathOfSigned(String(Number(exponent))));
  return mantissa === '1' ? power : row(math('mn', mantissa), math('mo', '×'), power);
}
const mathOfSigned = text =>
  /^[-−]/.test(text) ? row(math('mo', '−'), mathOfNumber(text.slice(1))) : mathOfNumber(text);

// write(factor, alone) sets a factor; if it is not alone, a negative number needs brackets.
function mathOfToken(token, write, alone) {
  if (token.factor !== undefined) return write(token.factor, alone);
  if (token.left !== undefined) return math('mtext', `… ${token.left} more …`);
  if (isNumber(token)) return mathOfNumber(token.text);
  return isName(token) ? nameInMath(token.text) : math('mo', token.text);
}
const bare = node => node.kind === 'group' && node.opening === '(' ? node.inner : node;

function mathOf(node, write, alone = false) {
  const set = (of, lonely = false) => mathOf(of, write, lonely);
  const bracketed = (opening, inner, closing) => row(math('mo', opening), inner, math('mo', closing));
  switch (node.kind) {
    case 'leaf':
      return mathOfToken(node.token, write, alone);
    case 'sum':
      return row(...node.parts.flatMap((part, k) =>
        k === 0 ? [set(part.node)] : [math('mo', part.sign === '-' ? '−' : '+'), set(part.node)]));
    case 'product':
      return node.sign === '' ? row(set(node.left), set(node.right)) : row(set(node.left), math('mo', node.sign), set(node.right));
    case 'fraction':
      return math('mfrac', set(bare(node.above), true), set(bare(node.below), true));
    case 'minus':
      return row(math('mo', '−'), set(node.of));
    case 'power': {
      const base = set(node.base), isTall = row(base).querySelector('mfrac') !== null && node.base.kind !== 'group';
      return math('msup', isTall ? bracketed('(', base, ')') : base, set(bare(node.exponent)));
    }
    case 'group':
      return bracketed(node.opening, set(node.inner, true), node.closing);
    default:
      if (node.name === 'sqrt') return math('msqrt', set(node.inputs[0], true));
      return row(nameInMath(node.name), bracketed('(', row(...node.inputs.flatMap((input, k) =>
        k === 0 ? [set(input, true)] : [math('mo', ','), set(input, true)])), ')'));
  }
}

// Sets words and symbols, token by token.
function mathInWords(tokens, write) {
  const made = [];
  for (let k = 0; k < tokens.length; ++k) {
    if (tokens[k].text === '^' && made.length > 0 && k + 1 < tokens.length) {
      made.push(math('msup', made.pop(), mathOfToken(tokens[++k], write, true)));
    } else if (isName(tokens[k]) && !isSymbol(tokens[k].text)) {
      if (tokens[k + 1]?.text === '^') {
        made.push(nameInMath(tokens[k].text));
        continue;
      }
      const words = [tokens[k].text];
      while (isName(tokens[k + 1]) && !isSymbol(tokens[k + 1].text) && tokens[k + 2]?.text !== '^') words.push(tokens[++k].text);
      made.push(math('mtext', `\u00a0${words.join(' ')}\u00a0`));
    } else {
      const operator = { '*': '×', '-': '−' }[tokens[k].text];
      made.push(operator ? math('mo', operator) : mathOfToken(tokens[k], write, false));
    }
  }
  return row(...made);
}

function setInMath(tokens, write) {
  try {
    return mathOf(new Reader(tokens).whole(), write, true);
  } catch (problem) {
    if (!(problem instanceof SyntaxError)) throw problem;
    return mathInWords(tokens, write);
  }
}

// The value of plain arithmetic with the engine's numbers; NaN for anything else.
function valueOf(node) {
  switch (node.kind) {
    case 'leaf':
      if (node.token.factor !== undefined) return node.token.factor.engine;
      return node.token.sum ?? (isNumber(node.token) ? Number(node.token.text) : NaN);
    case 'sum':
      return node.parts.reduce((sum, part) => sum + (part.sign === '-' ? -1 : 1) * valueOf(part.node), 0);
    case 'product':
      return valueOf(node.left) * valueOf(node.right);
    case 'fraction':
      return valueOf(node.above) / valueOf(node.below);
    case 'minus':
      return -valueOf(node.of);
    case 'power':
      return node.exponent.kind === 'leaf' ? valueOf(node.base) ** valueOf(node.exponent) : NaN;
    case 'group':
      return node.opening === '|' ? Math.abs(valueOf(node.inner)) : valueOf(node.inner);
    default: {
      const known = { sqrt: Math.sqrt, sign: Math.sign, min: Math.min }[node.name];
      return known === undefined ? NaN : known(...node.inputs.map(valueOf));
    }
  }
}

const valueOfTokens = tokens => {
  try {
    return valueOf(new Reader(tokens).whole());
  } catch (problem) {
    if (!(problem instanceof SyntaxError)) throw problem;
    return NaN;
  }
};
const valueOfTerm = term => valueOfTokens(tokensOf(term.pattern, term.factors));

// Computes the number from the factors shown and compares it with the engine's number within its bound; null if the
// formula is not plain arithmetic. 1e-9 allows for a formula's constants, which have ten digits.
function recomputed(entry, made) {
  let sum = 0, size = 0;
  for (let k = 0; k < made.count; ++k) {
    const value = valueOfTerm(made.term(k));
    sum += value;
    size += Math.abs(value);
  }
  const value = valueOfTokens([...tokensOf(made.before.pattern, made.before.factors), { sum },
                               ...tokensOf(made.after.pattern, made.after.factors)]);
  if (!Number.isFinite(value)) return null;
  const allowed = entry.bound + 1e-9 * (Math.abs(value) + size);
  return { value, agrees: Math.abs(value - entry.engine) <= allowed };
}
