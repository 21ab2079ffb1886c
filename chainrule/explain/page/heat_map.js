// SPDX-License-Identifier: Apache-2.0
// Heat maps of layers with many units: each cell shows its unit, or the weight from it to the chosen unit above.
'use strict';

// The unit above a heat map whose weights it can show, or null.
function unitAbove(at, layer) {
  const chosen = at.chosen;
  if (chosen === null || chosen.tensor.layer === 0 || !isHeatMap(layer)) return null;
  return chosen.layer === layer + 1 ? chosen.unit : null;
}

function heatMapCells(drawing, layer, tensor, scale) {
  const column = drawing.column(layer), { at } = drawing, above = unitAbove(at, layer);
  const weights = at.heat === 'weights' && above !== null ? shownLinks(at, layer) : null;
  const shown = weights ?? tensor ?? at.step.byName.get(`z${layer}`);
  const line = weights === null ? at.row : above;
  const most = weights === null ? scale : largest(weights, above * weights.columns, weights.columns);
  const cells = Array.from({ length: column.units }, (_, unit) => {
    const { x, y } = positionOf(column, unit), entry = new Entry(shown, line, unit);
    const isWaiting = tensor === undefined && weights === null;
    const marked = drawing.isChosen(entry) || drawing.isChosenUnit(layer, unit) ? ' chosen' : '';
    return drawing.button('rect', entry, {
      x: x - column.cell / 2, y: y - column.cell / 2, width: column.cell, height: column.cell,
      class: `cell${isWaiting ? ' waiting' : ''}${marked}`, 'data-slot': `u${layer}/${unit}`,
      fill: isWaiting ? undefined : cssColor(colorOf(most === 0 ? 0 : entry.engine / most)),
    });
  });
  const frame = svg('rect', {
    x: column.left - 1, y: column.top - 1, width: column.width + 2, height: column.height + 2, class: 'frame',
  });
  const last = cells.findIndex(cell => cell.classList.contains('chosen'));
  if (last >= 0) {  // drawn last, so that its border lies above its neighbors
    const { x, y } = positionOf(column, last), half = column.cell / 2 + 1.5;
    return [frame, ...cells, svg('rect', { x: x - half, y: y - half, width: 2 * half, height: 2 * half, class: 'mark' })];
  }
  return [frame, ...cells];
}

// Moves the focus within a group: up and down in lists, in all directions in heat maps. Returns whether it handled the key.
function moveFocus(event) {
  const group = event.target.closest?.('[data-roving]');
  if (!group || !event.target.dataset?.key) return false;
  const all = [...group.querySelectorAll('[data-key]')], here = all.indexOf(event.target);
  const columns = Number(group.dataset.columns || 0);
  const by = { ArrowUp: -(columns || 1), ArrowDown: columns || 1, ...(columns > 0 && { ArrowLeft: -1, ArrowRight: 1 }) }[event.key];
  if (by === undefined) return false;
  const next = all[here + by];
  if (next !== undefined) {
    event.target.setAttribute('tabindex', -1);
    next.setAttribute('tabindex', 0);
    next.focus();
  }
  return true;
}
