# SPDX-License-Identifier: Apache-2.0
"""with_optuna.py SECONDS JOBS FOLDER: scikit-learn's MLP tuned by Optuna for so long; a line of JSON on standard output.

TPE with median pruning over folds; five folds, the score that `tune` has; the best is trained on all rows. Inputs are prepared as in
bench/accuracy/with_sklearn.py."""
import pathlib
import sys
import time
import warnings

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "accuracy"))
import common  # noqa: E402
import joblib  # noqa: E402
import numpy  # noqa: E402
import optuna  # noqa: E402
from sklearn import metrics  # noqa: E402
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor  # noqa: E402
from sklearn.impute import SimpleImputer  # noqa: E402
from sklearn.model_selection import KFold, StratifiedKFold  # noqa: E402
from sklearn.neural_network import MLPClassifier, MLPRegressor  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import OneHotEncoder, StandardScaler  # noqa: E402

warnings.filterwarnings("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)
FOLDS = 5
HIDDEN = {"64": (64,), "128": (128,), "64,64": (64, 64), "128,128": (128, 128), "256,256": (256, 256), "256,256,256": (256, 256, 256)}


def model_of(split, values):
    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    text = make_pipeline(SimpleImputer(strategy="constant", fill_value="missing"), OneHotEncoder(handle_unknown="ignore", sparse_output=False))
    encode = ColumnTransformer([("numbers", numbers, split.numbers), ("text", text, split.text)])
    settings = {**values, "hidden_layer_sizes": HIDDEN[values["hidden_layer_sizes"]], "random_state": split.seed}
    if split.task == "classes":
        return make_pipeline(encode, MLPClassifier(**settings))
    return make_pipeline(encode, TransformedTargetRegressor(MLPRegressor(**settings), transformer=StandardScaler()))


def drawn(trial):
    return {"hidden_layer_sizes": trial.suggest_categorical("hidden_layer_sizes", list(HIDDEN)),
            "activation": trial.suggest_categorical("activation", ["relu", "tanh", "logistic"]),
            "learning_rate_init": trial.suggest_float("learning_rate_init", 1e-4, 1e-1, log=True),
            "alpha": trial.suggest_float("alpha", 1e-6, 1e-1, log=True),
            "batch_size": trial.suggest_categorical("batch_size", [32, 64, 128, 256]),
            "early_stopping": trial.suggest_categorical("early_stopping", [False, True]),
            "max_iter": trial.suggest_categorical("max_iter", [50, 100, 200])}


def score(split, values, train, test):
    model = model_of(split, values).fit(split.train.iloc[train], split.train_target[train])
    truth = split.train_target[test]
    if split.task == "number":
        return float(metrics.root_mean_squared_error(truth, model.predict(split.train.iloc[test])))
    return float(metrics.log_loss(truth, model.predict_proba(split.train.iloc[test]), labels=list(model.classes_)))


def main():
    seconds, jobs, split = float(sys.argv[1]), int(sys.argv[2]), common.Split(sys.argv[3])
    kind = StratifiedKFold if split.task == "classes" else KFold
    folds = list(kind(FOLDS, shuffle=True, random_state=split.seed).split(split.train, split.train_target))
    started = time.perf_counter()
    with joblib.Parallel(n_jobs=jobs) as parallel:  # folds side by side: TPE sees one trial after the other

        def objective(trial):
            values = drawn(trial)
            found = []
            for first in range(0, FOLDS, jobs):
                found += parallel(joblib.delayed(score)(split, values, *fold) for fold in folds[first:first + jobs])
                trial.report(numpy.mean(found), first)
                if trial.should_prune():
                    raise optuna.TrialPruned()
            return numpy.mean(found)

        study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=split.seed), pruner=optuna.pruners.MedianPruner())
        study.optimize(objective, timeout=seconds, catch=(ValueError,))
    model = model_of(split, study.best_params).fit(split.train, split.train_target)
    took = time.perf_counter() - started
    if split.task == "number":
        found = common.measure(split, predicted=model.predict(split.test))
    else:
        found = common.measure(split, probabilities=model.predict_proba(split.test), classes=model.classes_)
    common.report(split, {"metrics": found, "fit_seconds": round(took, 1), "trials": len(study.trials), "settings": study.best_params,
                          "versions": common.versions(["optuna", "scikit-learn"])})


main()
