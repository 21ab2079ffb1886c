# SPDX-License-Identifier: Apache-2.0
"""with_sklearn.py trivial|mlp|hist_gradient_boosting THREADS FOLDER...: a line of JSON for each split, on standard output."""
import sys

from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import common

rival, threads, folders = sys.argv[1], int(sys.argv[2]), sys.argv[3:]


def mlp(split):
    """Scaled and one-hot, gaps filled and marked; the target scaled as well, or prices in dollars would not train at all."""
    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    text = make_pipeline(SimpleImputer(strategy="constant", fill_value="missing"), OneHotEncoder(handle_unknown="ignore", sparse_output=False))
    encode = ColumnTransformer([("numbers", numbers, split.numbers), ("text", text, split.text)])
    if split.task == "classes":
        return make_pipeline(encode, MLPClassifier(random_state=split.seed))
    return make_pipeline(encode, TransformedTargetRegressor(MLPRegressor(random_state=split.seed), transformer=StandardScaler()))


def job(split):
    train, test = split.train, split.test
    classes = split.task == "classes"
    if rival == "hist_gradient_boosting":
        train, test = split.with_categories()
        kind = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
        make = lambda: kind(categorical_features="from_dtype", random_state=split.seed)  # noqa: E731
    elif rival == "mlp":
        make = lambda: mlp(split)  # noqa: E731
    else:
        make = DummyClassifier if classes else DummyRegressor
    common.run_model(split, make, train, test, ["scikit-learn"])


common.each(folders, job)
