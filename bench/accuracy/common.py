# SPDX-License-Identifier: Apache-2.0
"""What all rivals share: the rows of a split as pandas reads them, the metrics, and the line that reports a result."""
import importlib.metadata
import json
import os
import pathlib
import sys
import time
import traceback

import numpy
import pandas
from sklearn import metrics

MISSING = ["", "NA", "N/A", "null", "nan", "?"]  # as Chainrule has it
ANSWERS = os.fdopen(os.dup(1), "w")              # standard output is for results alone: what libraries print goes
os.dup2(2, 1)                                    # to standard error


class Split:
    """train and test: inputs as data frames with columns c0, c1 ...; targets; text: the columns that are no numbers."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.about = json.loads((self.folder / "split.json").read_text())
        self.task, self.seed = self.about["task"], self.about["seed"]
        self.train, self.train_target = self.read("train.csv")
        self.test, self.test_target = self.read("test.csv")
        self.text = [name for name in self.train if not pandas.api.types.is_numeric_dtype(self.train[name])
                     or pandas.api.types.is_bool_dtype(self.train[name])]
        self.numbers = [name for name in self.train if name not in self.text]
        for frame in (self.train, self.test):
            for name in self.text:
                frame[name] = frame[name].map(str, na_action="ignore").astype(object)
            for name in self.numbers:
                frame[name] = pandas.to_numeric(frame[name], errors="coerce").astype(float)

    def read(self, name):
        header, target = self.about["header"], self.about["target"]
        if target is None:
            target = self.about["columns"]  # the last: columns counts the inputs
        frame = pandas.read_csv(self.folder / name, header=0 if header else None, sep=self.about["delimiter"], skipinitialspace=True,
                                keep_default_na=False, na_values=MISSING, low_memory=False,
                                dtype={target: str} if self.task == "classes" else None)
        values = frame.pop(target)
        frame.columns = [f"c{place}" for place in range(frame.shape[1])]
        return frame, values.str.strip().to_numpy(dtype=object) if self.task == "classes" else values.to_numpy(dtype=float)

    def with_categories(self):
        """train and test with text as pandas' categories: those of the training rows, any other value is missing."""
        frames = self.train.copy(), self.test.copy()
        for name in self.text:
            kind = pandas.CategoricalDtype(sorted(self.train[name].dropna().unique()))
            for frame in frames:
                frame[name] = frame[name].astype(kind)
        return frames


def measure(split, predicted=None, probabilities=None, classes=None):
    """Of numbers their metrics; of classes those of probabilities (rows x classes, in the order of classes)."""
    truth = split.test_target
    if split.task == "number":
        return {"rmse": float(metrics.root_mean_squared_error(truth, predicted)),
                "mae": float(metrics.mean_absolute_error(truth, predicted)), "r2": float(metrics.r2_score(truth, predicted))}
    classes = numpy.array([str(c) for c in classes], dtype=object)
    order = numpy.argsort(classes)
    probabilities = numpy.asarray(probabilities, dtype=float)[:, order]
    probabilities = probabilities / probabilities.sum(axis=1, keepdims=True)
    classes = classes[order]
    found = {"accuracy": float(metrics.accuracy_score(truth, classes[probabilities.argmax(axis=1)])),
             "log_loss": float(metrics.log_loss(truth, probabilities, labels=list(classes)))}
    if len(classes) == 2:
        found["roc_auc"] = float(metrics.roc_auc_score(truth == classes[1], probabilities[:, 1]))
    return found


def versions(names):
    return {name: importlib.metadata.version(name) for name in names}


def report(split, found):
    about = {key: split.about[key] for key in ("table", "seed", "task")}
    about.update(train_rows=len(split.train), test_rows=len(split.test), columns=split.about["columns"])
    ANSWERS.write(json.dumps({**about, **found}) + "\n")
    ANSWERS.flush()


def run_model(split, make, train, test, packages, target=None, back=None):
    """Times fit and predictions of make() and reports them; target: the training target, if not as it stands."""
    model = make()
    started = time.perf_counter()
    model.fit(train, split.train_target if target is None else target)
    fitted = time.perf_counter()
    if split.task == "number":
        found = measure(split, predicted=numpy.asarray(model.predict(test), dtype=float).ravel())
    else:
        probabilities = model.predict_proba(test)
        classes = model.classes_ if back is None else back[numpy.asarray(model.classes_, dtype=int)]
        found = measure(split, probabilities=probabilities, classes=classes)
    report(split, {"metrics": found, "fit_seconds": round(fitted - started, 3),
                   "predict_seconds": round(time.perf_counter() - fitted, 3), "versions": versions(packages)})


def each(folders, job):
    """Does job(split) for each folder; one that fails is reported and the others go on."""
    for folder in folders:
        try:
            split = Split(folder)
        except Exception as error:  # the split itself: nothing is known to report
            raise SystemExit(f"{folder}: {error}")
        try:
            job(split)
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            report(split, {"error": f"{type(error).__name__}: {str(error)[:300]}"})
