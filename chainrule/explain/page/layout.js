// SPDX-License-Identifier: Apache-2.0
// Positions in the drawing, in pixels: a column for each layer, units spread over its height, layers of many units as
// heat maps.
'use strict';

const mostUnitsDrawn = 32;
const isHeatMap = layer => unitsOf(layer) > mostUnitsDrawn;

// Units per line of a heat map: the image's width, or the side of a square if the units form one, else 10.
function heatMapColumns(layer) {
  const units = unitsOf(layer), root = Math.round(Math.sqrt(units));
  if (layer === 1 && explained.image[1] > 0) return explained.image[1];
  return root * root === units ? root : 10;
}

function layOut(width) {
  const isWide = width >= 640, layers = [];
  const most = Math.max(...Array.from({ length: layerCount }, (_, k) => isHeatMap(k + 1) ? 1 : unitsOf(k + 1)));
  const spacing = most <= 4 ? 128 : most <= 8 ? 84 : most <= 16 ? 46 : 25;
  // Wide drawings show the names of inputs and outputs next to them.
  const named = isWide ? 118 : 24, left = isHeatMap(1) ? 4 : named, right = named, narrowest = isWide ? 70 : 34;
  const heatMaps = Array.from({ length: layerCount }, (_, k) => k + 1).filter(isHeatMap).length;
  const room = width - left - right - narrowest * (layerCount - 1) - 54 * (layerCount - heatMaps);
  const side = Math.min(isWide ? 264 : 150, 0.4 * width, Math.max(72, room / Math.max(1, heatMaps)));
  for (let layer = 1; layer <= layerCount; ++layer) {
    const units = unitsOf(layer), columns = heatMapColumns(layer), lines = Math.ceil(units / columns);
    const cell = Math.max(3, Math.min(18, side / columns, (isWide ? 600 : 420) / lines));
    layers.push(isHeatMap(layer) ? { layer, units, columns, lines, cell, width: cell * columns, height: cell * lines }
                                 : { layer, units, height: spacing * units });
  }
  const top = 46, height = Math.max(120, ...layers.map(each => each.height));
  for (const each of layers) {
    if (each.cell !== undefined) continue;
    each.spacing = Math.min(128, height / each.units);
    // If there are few units, two lines of numbers fit below each.
    each.radius = Math.max(7, Math.min(isWide ? 27 : 19, each.spacing < 80 ? 0.36 * each.spacing : each.spacing / 2 - 22));
    each.width = 2 * each.radius;
  }
  const taken = layers.reduce((sum, each) => sum + each.width, left + right);
  const gap = layerCount > 1 ? Math.max(narrowest, Math.min(340, (width - taken) / (layerCount - 1))) : 0;
  const whole = taken + gap * (layerCount - 1);
  let x = left + Math.max(0, (width - whole) / 2);
  for (const each of layers) {
    each.left = x;
    each.center = x + each.width / 2;
    each.right = x + each.width;
    each.top = top + (height - (each.cell === undefined ? each.spacing * each.units : each.height)) / 2;
    x = each.right + gap;
  }
  return { width: Math.max(width, whole), height: top + height + 12, top, layers, gap, isWide };
}

// The center of a unit (from 0) of a layer.
function positionOf(column, unit) {
  if (column.cell === undefined) return { x: column.center, y: column.top + (unit + 0.5) * column.spacing };
  return {
    x: column.left + ((unit % column.columns) + 0.5) * column.cell,
    y: column.top + (Math.floor(unit / column.columns) + 0.5) * column.cell,
  };
}

// The color scale: negative, zero, positive; linear and clamped.
const scaleOfColors = [[0xf5, 0x93, 0x22], [0xe8, 0xea, 0xeb], [0x08, 0x77, 0xbd]];
function colorOf(fraction) {
  const t = Number.isFinite(fraction) ? Math.max(-1, Math.min(1, fraction)) : 0;
  const end = scaleOfColors[t < 0 ? 0 : 2];
  return scaleOfColors[1].map((zero, k) => Math.round(zero + Math.abs(t) * (end[k] - zero)));
}
const cssColor = color => `rgb(${color.join(' ')})`;
// Black or white text, whichever is easier to read on the color.
function inkOn(color) {
  const [r, g, b] = color.map(each => (each / 255 <= 0.04045 ? each / 255 / 12.92 : ((each / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? '#14181c' : '#ffffff';
}
