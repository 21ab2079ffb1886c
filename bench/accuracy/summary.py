#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""summary.py RESULTS...: the results of runs as Markdown. Each table counts once, by its mean over the seeds that both sides have.
See README.md."""
import argparse
import collections
import json
import math
import pathlib
import statistics

from scipy import stats

TEST_SHARE = 0.2  # as tables.py cuts
REFERENCE = "realmlp-td-s"
VIEWS = {"accuracy": ("RMSE of numbers, error rate of classes", {"number": "rmse", "classes": "error_rate"}),
         "log loss": ("RMSE of numbers, log loss of classes", {"number": "rmse", "classes": "log_loss"})}


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", nargs="+", type=pathlib.Path, metavar="RESULTS", help="files that run wrote; later ones win")
    parser.add_argument("--ours", action="append", metavar="NAME", help="label to compare with each rival; again for more; chainrule...")
    parser.add_argument("--rivals", metavar="NAMES", help="leave out the others")
    parser.add_argument("--tables", metavar="NAMES", help="leave out the others")
    parser.add_argument("--out", type=pathlib.Path, metavar="FILE")
    return parser.parse_args()


def read(arguments):
    """{(table, rival): {seed: line}}, and the failures."""
    found, failed = collections.defaultdict(dict), {}
    rivals = arguments.rivals.split(",") + (arguments.ours or []) if arguments.rivals else None
    tables = arguments.tables.split(",") if arguments.tables else None
    for path in arguments.results:
        for text in path.read_text().splitlines():
            line = json.loads(text)
            if (rivals and line["rival"] not in rivals) or (tables and line["table"] not in tables):
                continue
            key = line["table"], line["seed"], line["rival"]
            if "error" in line:
                failed[key] = line["error"]
                continue
            failed.pop(key, None)
            if line["task"] == "classes":
                line["metrics"]["error_rate"] = 1 - line["metrics"]["accuracy"]
            found[line["table"], line["rival"]][line["seed"]] = line
    return found, failed


def values(found, table, rival, metric, seeds=None):
    lines = found.get((table, rival), {})
    return [lines[seed]["metrics"][metric] for seed in sorted(lines if seeds is None else seeds)]


def number(value):
    return f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}"


def cell(numbers):
    if not numbers:
        return ""
    spread = f" ± {number(statistics.stdev(numbers))}" if len(numbers) > 1 else ""
    return f"{number(statistics.mean(numbers))}{spread}"


def grid(title, metric, tables, rivals, found, smallest=True):
    if not tables:
        return []
    out = [f"### {title}", "", "| | " + " | ".join(rivals) + " |", "|---" * (len(rivals) + 1) + "|"]
    for table in tables:
        cells = {rival: values(found, table, rival, metric) for rival in rivals}
        full = max(len(c) for c in cells.values())
        shared_seeds = set.intersection(*[set(found[table, rival]) for rival, c in cells.items() if c])
        means = {rival: statistics.mean(values(found, table, rival, metric, shared_seeds))
                 for rival, c in cells.items() if c and shared_seeds}
        best = (min if smallest else max)(means.values(), default=None)
        texts = []
        for rival in rivals:
            text = cell(cells[rival])
            if cells[rival] and len(cells[rival]) < full:
                text += f" ({len(cells[rival])})"
            texts.append(f"**{text}**" if rival in means and means[rival] == best else text)
        out.append(f"| {table} | " + " | ".join(texts) + " |")
    return out + [""]


def shared(found, tables, one, two, metrics, task):
    """For each table that both have: their values on the same seeds."""
    for table in tables:
        seeds = found.get((table, one), {}).keys() & found.get((table, two), {}).keys()
        if seeds:
            yield table, values(found, table, one, metrics[task[table]], seeds), values(found, table, two, metrics[task[table]], seeds)


def relative(one, two):
    """(one - two) over their mean, between -2 and 2: also defined where an error is 0, and as much for a gain as for a loss."""
    return 2 * (one - two) / (one + two) if one + two else 0.0


def of_split(one, two):
    """p of a paired t-test over the splits of one table, the variance corrected for rows that splits share (Nadeau and Bengio 2003)."""
    differences = [a - b for a, b in zip(one, two)]
    if len(differences) < 2 or not any(differences):
        return None
    variance = statistics.variance(differences) * (1 / len(differences) + TEST_SHARE / (1 - TEST_SHARE))
    if variance == 0:
        return 0.0
    return 2 * stats.t.sf(abs(statistics.mean(differences)) / math.sqrt(variance), len(differences) - 1)


def ranks(found, tables, rivals, metrics, task):
    """Mean rank over the tables that all rivals have; 1 is best, equals share."""
    complete = [t for t in tables if all(found.get((t, r)) for r in rivals)]
    sums = collections.Counter()
    for table in complete:
        seeds = set.intersection(*[set(found[table, r]) for r in rivals])
        if not seeds:
            continue
        means = [statistics.mean(values(found, table, r, metrics[task[table]], seeds)) for r in rivals]
        for rival, rank in zip(rivals, stats.rankdata([float(f"{m:.12g}") for m in means])):
            sums[rival] += rank
    return complete, {rival: sums[rival] / len(complete) for rival in rivals} if complete else {}


def duel(found, tables, ours, rivals, metrics, task):
    out = [f"| {ours} against | tables | wins | ties | losses | mean relative difference | median | Wilcoxon p |",
           "|---|---|---|---|---|---|---|---|"]
    for rival in [r for r in rivals if r != ours]:
        pairs = list(shared(found, tables, ours, rival, metrics, task))
        if not pairs:
            continue
        differences = [relative(statistics.mean(a), statistics.mean(b)) for _, a, b in pairs]
        wins, losses = sum(d < 0 for d in differences), sum(d > 0 for d in differences)
        p = stats.wilcoxon(differences).pvalue if any(differences) and len(differences) > 1 else 1.0
        out.append(f"| {rival} | {len(pairs)} | {wins} | {len(pairs) - wins - losses} | {losses} | {statistics.mean(differences):+.2%} | "
                   f"{statistics.median(differences):+.2%} | {p:.3g} |")
    return out + [""]


def by_table(found, tables, ours, rival, metrics, task):
    out = [f"| table | {ours} | {rival} | relative difference | splits won | p over the splits |", "|---|---|---|---|---|---|"]
    pairs = sorted(shared(found, tables, ours, rival, metrics, task),
                   key=lambda pair: relative(statistics.mean(pair[1]), statistics.mean(pair[2])))
    for table, a, b in pairs:
        p = of_split(a, b)
        out.append(f"| {table} | {cell(a)} | {cell(b)} | {relative(statistics.mean(a), statistics.mean(b)):+.2%} | "
                   f"{sum(x < y for x, y in zip(a, b))} of {len(a)} | {'' if p is None else f'{p:.3f}'} |")
    return (out if pairs else []) + [""]


def costs(found, tables, rivals):
    out = ["### Seconds of fit per 1,000 training rows", ""]
    lines = [line for lines in found.values() for line in lines.values()]
    if any(line["busy"] for line in lines):
        out += ["Some were taken on a busy machine (marked `busy`): those times say nothing.", ""]
    out += ["| | " + " | ".join(rivals) + " |", "|---" * (len(rivals) + 1) + "|"]
    for table in tables:
        cells = []
        for rival in rivals:
            taken = [1000 * line["fit_seconds"] / line["train_rows"] for line in found.get((table, rival), {}).values()]
            busy = any(line["busy"] for line in found.get((table, rival), {}).values())
            cells.append(f"{statistics.median(taken):.3g}{' (busy)' if busy else ''}" if taken else "")
        out.append(f"| {table} | " + " | ".join(cells) + " |")
    return out + [""]


def document(found, failed, ours):
    first = {table: next(iter(lines.values())) for (table, _), lines in found.items() if lines}
    task = {table: line["task"] for table, line in first.items()}
    tables = sorted(task, key=lambda t: (first[t]["train_rows"] + first[t]["test_rows"], t))
    rivals = sorted({rival for _, rival in found},
                    key=lambda r: (r not in ours, not r.startswith("chainrule"), not r.startswith("realmlp"), r))
    out = ["# Accuracy beside others", "", f"{len(tables)} tables; mean ± standard deviation over the seeds (in brackets: of how many, where "
           "some are missing) on test rows; best in bold, by the seeds that all in the line have.", ""]
    out += ["| table | rows | inputs | predicts |", "|---|---|---|---|"]
    out += [f"| {t} | {first[t]['train_rows'] + first[t]['test_rows']:,} | {first[t]['columns']} | {task[t]} |" for t in tables] + [""]
    numbers, classes = [t for t in tables if task[t] == "number"], [t for t in tables if task[t] == "classes"]
    out += grid("RMSE", "rmse", numbers, rivals, found) + grid("Accuracy", "accuracy", classes, rivals, found, smallest=False)
    out += grid("Log loss", "log_loss", classes, rivals, found)
    for about, metrics in VIEWS.values():
        complete, mean = ranks(found, tables, rivals, metrics, task)
        out += [f"## By {about}", "", f"Mean rank over the {len(complete)} tables that all have: " +
                ", ".join(f"{r} {v:.2f}" for r, v in sorted(mean.items(), key=lambda item: item[1])), ""]
        for name in ours:
            out += duel(found, tables, name, rivals, metrics, task)
            if REFERENCE in rivals and name != REFERENCE:
                out += by_table(found, tables, name, REFERENCE, metrics, task)
    out += costs(found, tables, rivals)
    told = sorted({(table, rival, text) for (table, rival), lines in found.items() for line in lines.values()
                   for text in line.get("warnings", [])})
    out += [f"* {rival} on {table} warned: {text}" for table, rival, text in told]
    out += [f"* failed: {table} {seed} {rival}: {why}" for (table, seed, rival), why in sorted(failed.items())]
    versions = {name: version for lines in found.values() for line in lines.values() for name, version in line["versions"].items()}
    return "\n".join([*out, "", "Versions: " + ", ".join(f"{n} {v}" for n, v in sorted(versions.items()))]) + "\n"


def main():
    arguments = parse()
    found, failed = read(arguments)
    ours = arguments.ours or sorted({rival for _, rival in found if rival.startswith("chainrule")})
    text = document(found, failed, ours)
    if arguments.out:
        arguments.out.write_text(text)
    else:
        print(text, end="")


main()
