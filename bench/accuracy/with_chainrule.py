# SPDX-License-Identifier: Apache-2.0
"""with_chainrule.py PROGRAM ARGUMENTS THREADS FOLDER...: a line of JSON for each split, on standard output. The program reads the same files
as its rivals do, and gets no word about them but the target's name and whether it is a class or a number, as its rivals do; its time is that of
the whole command, reading included."""
import csv
import json
import pathlib
import shlex
import subprocess
import sys
import tempfile
import time

import common

program, arguments, threads, folders = sys.argv[1], shlex.split(sys.argv[2]), sys.argv[3], sys.argv[4:]
LONGEST_NOTE = 300
PROBABILITY = "probability_"


def call(words):
    found = subprocess.run([program, *words], capture_output=True, text=True)
    if found.returncode:
        raise RuntimeError(f"{words[0]} ended with {found.returncode}: {found.stderr.strip()[-LONGEST_NOTE:]}")
    return found.stderr


def answers(path, split):
    """The predictions: numbers, or probabilities and the classes of their columns."""
    with open(path, newline="") as file:
        rows = list(csv.reader(file))
    head, rows = rows[0], rows[1:]
    if len(rows) != len(split.test):
        raise RuntimeError(f"expected {len(split.test)} predictions, found {len(rows)}")
    if split.task == "number":
        place = head.index("prediction")
        return {"predicted": [float(row[place]) for row in rows]}
    places = [place for place, name in enumerate(head) if name.startswith(PROBABILITY)]
    return {"classes": [head[place][len(PROBABILITY):] for place in places],
            "probabilities": [[float(row[place]) for place in places] for row in rows]}


def job(split):
    target = ["--target", split.about["target"]] if split.about["target"] else []
    with tempfile.TemporaryDirectory() as scratch:
        model, answered = str(pathlib.Path(scratch) / "model.safetensors"), str(pathlib.Path(scratch) / "answers.csv")
        started = time.perf_counter()
        said = call(["train", str(split.folder / "train.csv"), *target, "--task", split.task, "--seed", str(split.seed), "--threads", threads, "-o", model,
                     *arguments])
        fitted = time.perf_counter()
        said += call(["predict", model, str(split.folder / "test.csv"), "--threads", threads, "-o", answered])
        ended = time.perf_counter()
        found = common.measure(split, **answers(answered, split))
        size = pathlib.Path(model).stat().st_size
    version = subprocess.run([program, "--version"], capture_output=True, text=True).stdout.strip()
    said = said.replace(f"{split.folder}/", "")
    warnings = [line.strip()[:LONGEST_NOTE] for line in said.splitlines() if "warning" in line.lower()]
    common.report(split, {"metrics": found, "fit_seconds": round(fitted - started, 3), "predict_seconds": round(ended - fitted, 3),
                          "versions": {"chainrule": version}, "arguments": " ".join(arguments), "warnings": warnings, "model_bytes": size})


common.each(folders, job)
