#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes metric_values.json: small predictions with the metrics that scikit-learn computes from them.

    python3 -m venv env && env/bin/pip install scikit-learn && env/bin/python make_metric_values.py

Scores and numbers are exact floats, so that every program starts from the same values. Before log_loss, scores are
clipped at 0 and divided by their sum (equal shares where that is 0), as chainrule/metrics.h says.
"""
import json
import pathlib
import warnings

import numpy
import sklearn
from sklearn import metrics

numbers = numpy.random.default_rng(20240607)


def softmax(z):
    e = numpy.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def floats(values):
    """Rounded to floats and given back in as few digits as tell them apart."""
    return [[float(str(v)) for v in row] for row in numpy.asarray(values, dtype=numpy.float32)]


def exact(values):
    return numpy.array(values, dtype=numpy.float32).astype(numpy.float64)


def classes(name, labels, scores, weights=None):
    scores = floats(scores)
    known = exact(scores)
    guesses = known.argmax(axis=1)
    shares = numpy.maximum(known, 0)
    sums = shares.sum(axis=1, keepdims=True)
    shares = numpy.where(sums > 0, shares / numpy.where(sums > 0, sums, 1), 1 / known.shape[1])
    every = range(known.shape[1])
    expected = {
        "accuracy": metrics.accuracy_score(labels, guesses, sample_weight=weights),
        "balanced_accuracy": metrics.balanced_accuracy_score(labels, guesses, sample_weight=weights),
        "f1_macro": metrics.f1_score(labels, guesses, average="macro", sample_weight=weights, zero_division=0),
        "log_loss": metrics.log_loss(labels, shares, labels=every, sample_weight=weights),
    }
    confusion = metrics.confusion_matrix(labels, guesses, labels=every).ravel().tolist()
    return {"name": name, "labels": [int(k) for k in labels], "scores": scores, "weights": weights,
            "expected": {k: float(v) for k, v in expected.items()}, "confusion": confusion}


def number(name, truth, predictions, weights=None, scale=1.0, shift=0.0):
    truth, predictions = floats(truth), floats(predictions)
    y, p = scale * exact(truth) + shift, scale * exact(predictions) + shift
    expected = {
        "rmse": metrics.root_mean_squared_error(y, p, sample_weight=weights),
        "mae": metrics.mean_absolute_error(y, p, sample_weight=weights),
        "r2": metrics.r2_score(y, p, sample_weight=weights),
    }
    return {"name": name, "truth": truth, "predictions": predictions, "weights": weights, "scale": scale,
            "shift": shift, "expected": {k: float(v) for k, v in expected.items()}}


def ten_classes(weights):
    labels = numbers.integers(0, 10, 24)
    return labels, softmax(numbers.normal(size=(24, 10)) + 2 * numpy.eye(10)[labels]), weights


def main():
    warnings.simplefilter("ignore")
    halves = [0.5, 2.0, 1.0, 0.25] * 6
    column = numbers.normal(size=(20, 1))
    noisy = column + 0.3 * numbers.normal(size=(20, 1))
    wide = numbers.normal(size=(12, 3)) * [1, 10, 100]
    document = {
        "program": f"scikit-learn {sklearn.__version__}",
        "classes": [
            classes("ten classes", *ten_classes(None)),
            classes("ten classes, weights", *ten_classes(halves)),
            classes("class 1 only predicted, class 2 only true, class 3 absent", [0, 0, 2, 4, 4, 0],
                    [[9, 1, 2, 0, 1], [1, 9, 2, 0, 1], [9, 1, 2, 0, 1], [1, 1, 1, 0, 9], [9, 1, 1, 0, 1], [5, 1, 1, 0, 1]]),
            classes("a class whose rows weigh nothing", [0, 0, 1, 1, 2],
                    [[6, 1, 1], [1, 1, 2], [1, 6, 1], [4, 3, 1], [0, 1, 3]], [1.0, 2.0, 0.0, 0.0, 3.0]),
            classes("certain, right and wrong", [0, 1, 1], [[1, 0], [0, 1], [1, 0]]),
            classes("no distribution: negative, all zero, large", [0, 1, 2, 2],
                    [[0.5, -0.25, 0.125], [0, 0, 0], [-1, -2, -3], [3e38, 1e38, 3e38]]),
            classes("equal scores", [1, 0, 2], [[0.25, 0.5, 0.25], [0.5, 0.5, 0], [0.25, 0.375, 0.375]]),
            classes("one row", [1], [[0.25, 0.75]]),
        ],
        "numbers": [
            number("one output", column, noisy),
            number("one output, weights", column, noisy, (halves + halves)[:20]),
            number("own unit", column, noisy, None, 12.5, -3.25),
            number("three outputs, weights", wide, wide + numbers.normal(size=(12, 3)), halves[:12]),
            number("constant target, met", [[0.1]] * 7, [[0.1]] * 7),
            number("constant target, missed", [[2]] * 4, [[2], [2], [3], [2]]),
            number("large", [[1e38], [-1e38], [3e38]], [[1.5e38], [-2e38], [3e38]]),
            number("worse than the mean", [[1], [2], [3]], [[3], [2], [1]]),
        ],
    }
    path = pathlib.Path(__file__).with_name("metric_values.json")
    rows = {key: [json.dumps(case) for case in document[key]] for key in ("classes", "numbers")}
    text = ",\n".join(f' "{key}": [\n  ' + ",\n  ".join(cases) + "\n ]" for key, cases in rows.items())
    path.write_text(f'{{\n "program": "{document["program"]}",\n{text}\n}}\n')


if __name__ == "__main__":
    main()
