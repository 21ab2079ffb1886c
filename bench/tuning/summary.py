#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""summary.py RESULTS: means over the splits, and by table how much better tune is than each, with the standard error over the splits."""
import collections
import json
import pathlib
import statistics
import sys

values, seconds, kept = collections.defaultdict(dict), collections.defaultdict(list), collections.Counter()
for text in pathlib.Path(sys.argv[1]).read_text().splitlines():
    line = json.loads(text)
    metric = "rmse" if line["task"] == "number" else "log_loss"
    values[line["table"], metric][line["seed"], line["rival"]] = line["metrics"][metric]
    seconds[line["table"], line["rival"]].append(line["fit_seconds"])
    kept[line["table"]] += line.get("beats_the_start") is False

print("| table | | default | tune | Optuna, scikit-learn MLP | tune better than default by | than Optuna by | default kept | seconds of tune |")
print("|---|---|---|---|---|---|---|---|---|")
gains = []
for (table, metric), found in values.items():
    seeds = sorted({seed for seed, rival in found if rival == "tune"} & {seed for seed, rival in found if rival == "default"})
    column = {rival: [found[seed, rival] for seed in seeds if (seed, rival) in found] for rival in ("default", "tune", "optuna")}
    cells = []
    for rival in ("default", "optuna"):
        pairs = [found[seed, rival] - found[seed, "tune"] for seed in seeds if (seed, rival) in found]
        error = statistics.stdev(pairs) / len(pairs) ** 0.5 if len(pairs) > 1 else float("nan")
        cells.append(f"{statistics.mean(pairs):.4g} ± {error:.2g}" if pairs else "–")
        if rival == "default":
            gains.append((statistics.mean(pairs) / statistics.mean(column["default"]), error / statistics.mean(column["default"])))
    means = [f"{statistics.mean(column[rival]):.5g}" if column[rival] else "–" for rival in ("default", "tune", "optuna")]
    print(f"| {table} | {metric} | {' | '.join(means)} | {' | '.join(cells)} | {kept[table]} of {len(seeds)} | {statistics.mean(seconds[table, 'tune']):.0f} |")
share, error = statistics.mean(gain for gain, _ in gains), sum(e ** 2 for _, e in gains) ** 0.5 / len(gains)
print(f"\nMean gain of tune over the defaults, relative, over {len(gains)} tables: {100 * share:.1f} % ± {100 * error:.1f} %.")
