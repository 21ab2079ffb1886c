#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Opens all files of a run with common readers: tomllib, pandas, TensorBoard.

    check_run.py PROGRAM DATA_FOLDER   train a run, cross-validate and search with this program, and read the files

Checks: config.toml equals `train --print-config`; metrics.jsonl and trials.jsonl are tables of the right length for
pandas.read_json(lines=True); TensorBoard's reader finds every tag at every epoch with the numbers of metrics.jsonl; the
out-of-fold predictions are a table. Exits with 77 and a message if a package is missing.
"""
import math
import pathlib
import subprocess
import sys
import tempfile

try:
    import tomllib

    import pandas
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

EPOCHS = 12


def chainrule(program, folder, *words):
    done = subprocess.run([program, *words], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def check_config(program, folder, data):
    run = tomllib.loads((folder / "runs/iris/config.toml").read_text())
    printed = tomllib.loads(chainrule(program, folder, "train", str(data), "--epochs", str(EPOCHS), "--print-config"))
    assert run.pop("run")["data"] == str(data)
    assert run == printed, (run, printed)
    print(f"tomllib: {len(run)} options")


def check_metrics(folder):
    table = pandas.read_json(folder / "runs/iris/metrics.jsonl", lines=True)
    epochs = table[table["event"] == "epoch"]
    assert list(epochs["epoch"]) == list(range(1, EPOCHS + 1))
    assert epochs["train/loss"].notna().all() and epochs["validation/accuracy"].between(0, 1).all()
    steps = table[table["event"] == "step"]
    assert len(steps) > 0 and steps["layer_1/update_ratio_weights"].notna().all()
    print(f"pandas: {len(epochs)} epochs, {len(steps)} steps, {table.shape[1]} columns")
    return epochs


def check_events(folder, epochs):
    events = EventAccumulator(str(folder / "runs/iris"))
    events.Reload()
    tags = events.Tags()["scalars"]
    assert {"train/loss", "validation/loss", "learning_rate", "gradient_norm/total"} <= set(tags), tags
    for tag in tags:
        found = events.Scalars(tag)
        assert [one.step for one in found] == list(epochs["epoch"]), tag
        for one, value in zip(found, epochs[tag]):
            assert math.isclose(one.value, value, rel_tol=1e-6, abs_tol=1e-37), (tag, one, value)
    print(f"TensorBoard: {len(tags)} tags at {len(epochs)} epochs")


def check_others(program, folder, data):
    chainrule(program, folder, "cv", str(data), "--folds", "3", "--epochs", "3", "--predictions", "answers.csv")
    answers = pandas.read_csv(folder / "answers.csv")
    assert len(answers) == 150 and set(answers["fold"]) == {1, 2, 3}
    chainrule(program, folder, "tune", str(data), "--trials", "4", "--epochs", "3", "--folds", "2")
    trials = pandas.read_json(folder / "trials.jsonl", lines=True)
    assert set(trials["event"]) == {"search", "training"} and trials[trials["event"] == "training"]["score"].notna().all()
    print(f"pandas: {len(answers)} answers, {len(trials) - 1} trainings of a search")


def main():
    program, data = str(pathlib.Path(sys.argv[1]).resolve()), pathlib.Path(sys.argv[2]).resolve() / "iris.csv"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        chainrule(program, folder, "train", str(data), "--epochs", str(EPOCHS), "--run", "iris", "--health-every", "2")
        check_config(program, folder, data)
        check_events(folder, check_metrics(folder))
        check_others(program, folder, data)


main()
