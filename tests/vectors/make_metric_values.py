#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes metric_values.json: small predictions with the metrics that scikit-learn computes from them.

    python3 -m venv env && env/bin/pip install scikit-learn && env/bin/python make_metric_values.py

Scores and numbers are exact floats, so that every program reads the same values. Scores are clipped at 0 and
divided by their sum (equal fractions if that is 0), as in chainrule/metrics/metrics.h. null: not defined (docs/metrics.md),
even if scikit-learn has a value; "any": no reference.
"""
import json
import pathlib
import warnings

import numpy
import scipy
import sklearn
from sklearn import metrics
from sklearn.calibration import calibration_curve

numbers = numpy.random.default_rng(20240607)


def softmax(z):
    e = numpy.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def floats(values):
    """Rounded to floats and given back in as few digits as tell them apart."""
    return [[float(str(v)) for v in row] for row in numpy.asarray(values, dtype=numpy.float32)]


def exact(values):
    return numpy.array(values, dtype=numpy.float32).astype(numpy.float64)


def shares_of(known):
    """Clipped at 0 and divided by their sum, which is taken from the first to the last."""
    shares = numpy.maximum(known, 0)
    sums = numpy.zeros((len(known), 1))
    for k in range(known.shape[1]):
        sums[:, 0] += shares[:, k]
    return numpy.where(sums > 0, shares / numpy.where(sums > 0, sums, 1), 1 / known.shape[1])


def one_versus_rest(metric, labels, shares, weights):
    """Of the second of two classes; else the mean over the classes that have what the metric needs; None where none has."""
    count = shares.shape[1]
    values = []
    for k in [1] if count == 2 else range(count):
        hit = (numpy.asarray(labels) == k).astype(int)
        counted = numpy.ones(len(labels)) if weights is None else numpy.asarray(weights)
        hits, others = (hit * counted).sum(), ((1 - hit) * counted).sum()
        if hits > 0 and (others > 0 or metric is metrics.average_precision_score):
            values.append(metric(hit, shares[:, k], sample_weight=weights))
    return float(numpy.mean(values)) if values else None


def calibration_error(labels, guesses, shares, weights):
    """15 bins of equal width over the probability of the guess; each counts with its weight."""
    confidence = shares[numpy.arange(len(labels)), guesses]
    right = (guesses == numpy.asarray(labels)).astype(float)
    counted = numpy.ones(len(labels)) if weights is None else numpy.asarray(weights)
    bins = numpy.searchsorted(numpy.linspace(0, 1, 16)[1:-1], confidence)  # as sklearn.calibration.calibration_curve
    apart = 0.0
    for b in range(15):
        w = counted * (bins == b)
        apart += abs((w * right).sum() - (w * confidence).sum())
    if weights is None:  # the same from scikit-learn's curve
        true, predicted = calibration_curve(right, confidence, n_bins=15)
        sizes = numpy.bincount(bins, minlength=15)
        assert abs((sizes[sizes > 0] * abs(true - predicted)).sum() - apart) < 1e-12
    return apart / counted.sum()


def classes(name, labels, scores, weights=None):
    scores = floats(scores)
    known = exact(scores)
    guesses = known.argmax(axis=1)
    shares = shares_of(known)
    count = known.shape[1]
    every = range(count)
    one_class = len({k for k, w in zip(labels, weights or [1] * len(labels)) if w > 0}) < 2
    met = set(labels) | set(guesses)
    expected = {
        "accuracy": metrics.accuracy_score(labels, guesses, sample_weight=weights),
        "balanced_accuracy": metrics.balanced_accuracy_score(labels, guesses, sample_weight=weights),
        "f1_macro": metrics.f1_score(labels, guesses, average="macro", sample_weight=weights, zero_division=0),
        "log_loss": metrics.log_loss(labels, shares, labels=every, sample_weight=weights),
        "mcc": None if one_class else metrics.matthews_corrcoef(labels, guesses, sample_weight=weights),
        "roc_auc": one_versus_rest(metrics.roc_auc_score, labels, shares, weights),
        "average_precision": one_versus_rest(metrics.average_precision_score, labels, shares, weights),
        "calibration_error": calibration_error(labels, guesses, shares, weights),
    }
    if count == 2:
        expected["f1"] = metrics.f1_score(labels, guesses, pos_label=1, sample_weight=weights) if 1 in met else None
        expected["brier"] = metrics.brier_score_loss(labels, shares[:, 1], pos_label=1, sample_weight=weights)
    else:
        expected["f1"] = expected["f1_macro"]
        expected["brier"] = metrics.brier_score_loss(labels, shares, labels=every, sample_weight=weights)
    confusion = metrics.confusion_matrix(labels, guesses, labels=every).ravel().tolist()
    return {"name": name, "labels": [int(k) for k in labels], "scores": scores, "weights": weights,
            "expected": {k: None if v is None else float(v) for k, v in expected.items()}, "confusion": confusion}


def spearman(y, p, weights):
    """Mean over the outputs of scipy's; whole weights repeat their rows."""
    repeats = [1] * len(y) if weights is None else [int(w) for w in weights]
    assert weights is None or repeats == list(weights)
    pairs = [(numpy.repeat(y[:, j], repeats), numpy.repeat(p[:, j], repeats)) for j in range(y.shape[1])]
    if any(numpy.ptp(a) == 0 or numpy.ptp(b) == 0 for a, b in pairs):
        return None
    return numpy.mean([scipy.stats.spearmanr(a, b).statistic for a, b in pairs])


def number(name, truth, predictions, weights=None, scale=1.0, shift=0.0):
    truth, predictions = floats(truth), floats(predictions)
    y, p = scale * exact(truth) + shift, scale * exact(predictions) + shift
    expected = {
        "rmse": metrics.root_mean_squared_error(y, p, sample_weight=weights),
        "mae": metrics.mean_absolute_error(y, p, sample_weight=weights),
        "r2": None if (numpy.ptp(y, axis=0) == 0).any() else metrics.r2_score(y, p, sample_weight=weights),
        "median_absolute_error": metrics.median_absolute_error(y, p, sample_weight=weights),
        "spearman": spearman(y, p, weights) if weights is None or all(w == int(w) for w in weights) else "any",
    }
    return {"name": name, "truth": truth, "predictions": predictions, "weights": weights, "scale": scale,
            "shift": shift, "expected": {k: v if v in (None, "any") else float(v) for k, v in expected.items()}}


def ten_classes(weights):
    labels = numbers.integers(0, 10, 24)
    return labels, softmax(numbers.normal(size=(24, 10)) + 2 * numpy.eye(10)[labels]), weights


def two_classes(weights):
    labels = numbers.integers(0, 2, 40)
    return labels, softmax(numbers.normal(size=(40, 2)) + numpy.eye(2)[labels]), weights


def by_second(eighths):
    return [[8 - e, e] for e in eighths]


def tied_classes(weights):
    labels = numbers.integers(0, 4, 30)
    return labels, numbers.integers(0, 3, (30, 4)) + numpy.eye(4)[labels], weights


def main():
    warnings.simplefilter("ignore")
    halves = [0.5, 2.0, 1.0, 0.25] * 6
    column = numbers.normal(size=(20, 1))
    noisy = column + 0.3 * numbers.normal(size=(20, 1))
    wide = numbers.normal(size=(12, 3)) * [1, 10, 100]
    document = {
        "program": f"scikit-learn {sklearn.__version__}, scipy {scipy.__version__}",
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
            classes("two classes", *two_classes(None)),
            classes("two classes, weights", *two_classes([0.5, 2.0, 1.0, 0.25, 0.0] * 8)),
            classes("two classes, ties", [0, 1, 0, 1, 1, 0, 1, 0], by_second([2, 2, 4, 4, 4, 6, 6, 6])),
            classes("two classes, perfect", [0, 0, 1, 1, 1], by_second([0, 1, 5, 7, 8])),
            classes("two classes, all wrong", [1, 1, 0, 0], by_second([0, 1, 7, 8])),
            classes("two classes, constant", [0, 1, 1, 0, 1], by_second([3] * 5)),
            classes("two classes, only the first", [0, 0, 0, 0], by_second([1, 2, 3, 0])),
            classes("two classes, only the first, taken for the second", [0, 0, 0], by_second([5, 2, 7])),
            classes("two classes, only the second", [1, 1, 1], by_second([5, 2, 7])),
            classes("two classes, the second weighs nothing", [0, 1, 0, 1], by_second([5, 2, 1, 7]), [1.0, 0.0, 2.0, 0.0]),
            classes("a rare class", [int(i % 25 == 3) for i in range(75)], by_second([(i * 7) % 9 for i in range(75)])),
            classes("four classes, constant", [0, 1, 2, 3, 3, 3], [[1, 2, 3, 10]] * 6),
            classes("four classes, perfect", [3, 1, 2, 0, 3], [[1, 1, 1, 9], [0, 9, 2, 1], [1, 1, 8, 0], [7, 1, 1, 1], [0, 0, 1, 9]]),
            classes("four classes, ties, weights", *tied_classes([1.0, 3.0, 0.5, 0.0, 2.0] * 6)),
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
            number("ties", [[1], [2], [2], [3], [3], [3], [0]], [[2], [2], [1], [4], [3], [3], [0.5]]),
            number("ties, whole weights", [[1], [2], [2], [3], [3], [3], [0]], [[2], [2], [1], [4], [3], [3], [0.5]],
                   [1.0, 2.0, 0.0, 3.0, 1.0, 1.0, 2.0]),
            number("perfect", [[1], [5], [2], [4]], [[1], [5], [2], [4]]),
            number("constant prediction", [[1], [5], [2], [4]], [[3]] * 4),
            number("half of the weight ends with a row that weighs nothing", [[0]] * 4 + [[1]], [[1], [2], [3], [4], [6]],
                   [1.0, 1.0, 0.0, 1.0, 1.0]),
            number("two rows", [[1], [2]], [[2], [0.5]]),
        ],
    }
    path = pathlib.Path(__file__).with_name("metric_values.json")
    rows = {key: [json.dumps(case) for case in document[key]] for key in ("classes", "numbers")}
    text = ",\n".join(f' "{key}": [\n  ' + ",\n  ".join(cases) + "\n ]" for key, cases in rows.items())
    path.write_text(f'{{\n "program": "{document["program"]}",\n{text}\n}}\n')


if __name__ == "__main__":
    main()
