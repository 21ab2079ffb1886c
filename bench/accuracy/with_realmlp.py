# SPDX-License-Identifier: Apache-2.0
"""with_realmlp.py realmlp-td-s|realmlp-td THREADS FOLDER...: a line of JSON for each split, on standard output."""
import logging
import sys
import warnings

import numpy
import torch
from pytabkit import RealMLP_TD_Classifier, RealMLP_TD_Regressor, RealMLP_TD_S_Classifier, RealMLP_TD_S_Regressor

import common

rival, threads, folders = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
KINDS = {"realmlp-td-s": (RealMLP_TD_S_Classifier, RealMLP_TD_S_Regressor), "realmlp-td": (RealMLP_TD_Classifier, RealMLP_TD_Regressor)}


def fill(split):
    """It refuses gaps in numbers: the median of the training rows fills them, and a column of 0 and 1 marks them."""
    frames = split.train.copy(), split.test.copy()
    for name in split.numbers:
        gaps = split.train[name].isna().any()
        middle = split.train[name].median()
        for frame in frames:
            if gaps:
                frame[name + "_missing"] = frame[name].isna().astype(float)
            frame[name] = frame[name].fillna(0.0 if numpy.isnan(middle) else middle)
    return frames


def job(split):
    train, test = fill(split)
    kind = KINDS[rival][0 if split.task == "classes" else 1]
    common.run_model(split, lambda: kind(device="cpu", random_state=split.seed, n_threads=threads, verbosity=0), train, test,
                     ["pytabkit", "torch"])


torch.set_num_threads(threads)
torch.set_flush_denormal(True)  # as in our other comparisons: small numbers shall not slow it down
logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
warnings.filterwarnings("ignore")
common.each(folders, job)
