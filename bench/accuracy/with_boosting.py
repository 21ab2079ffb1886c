# SPDX-License-Identifier: Apache-2.0
"""with_boosting.py lightgbm|xgboost|catboost THREADS FOLDER...: a line of JSON for each split, on standard output."""
import sys

import numpy

import common

rival, threads, folders = sys.argv[1], int(sys.argv[2]), sys.argv[3:]


def lightgbm(split):
    from lightgbm import LGBMClassifier, LGBMRegressor
    kind = LGBMClassifier if split.task == "classes" else LGBMRegressor
    train, test = split.with_categories()
    common.run_model(split, lambda: kind(random_state=split.seed, n_jobs=threads, verbose=-1), train, test, [rival])


def xgboost(split):
    from xgboost import XGBClassifier, XGBRegressor
    train, test = split.with_categories()
    options = {"random_state": split.seed, "n_jobs": threads, "enable_categorical": True}
    if split.task == "number":
        return common.run_model(split, lambda: XGBRegressor(**options), train, test, [rival])
    classes, numbered = numpy.unique(split.train_target.astype(str), return_inverse=True)  # it wants classes 0, 1, 2 ...
    common.run_model(split, lambda: XGBClassifier(**options), train, test, [rival], target=numbered, back=classes)


def catboost(split):
    from catboost import CatBoostClassifier, CatBoostRegressor
    kind = CatBoostClassifier if split.task == "classes" else CatBoostRegressor
    train, test = split.train.copy(), split.test.copy()
    for frame in (train, test):
        frame[split.text] = frame[split.text].astype(object).fillna("missing")  # it takes gaps in numbers alone
    options = {"cat_features": split.text, "random_seed": split.seed, "thread_count": threads, "verbose": False,
               "allow_writing_files": False}
    common.run_model(split, lambda: kind(**options), train, test, [rival])


common.each(folders, {"lightgbm": lightgbm, "xgboost": xgboost, "catboost": catboost}[rival])
