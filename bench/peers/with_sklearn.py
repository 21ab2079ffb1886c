# SPDX-License-Identifier: Apache-2.0
"""with_sklearn.py WORKLOAD FOLDER THREADS SECONDS: rows per second, on standard output. An epoch is one partial_fit().
Small products are faster on one thread, so that is tried beside THREADS, and the faster one counts."""
import sys

import numpy
from sklearn.neural_network import MLPClassifier, MLPRegressor
from threadpoolctl import threadpool_limits

import networks

workload, folder, threads, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
sizes, hidden, output, optimiser, batch = networks.WORKLOADS[workload]
if optimiser not in ("adam", "momentum") or output not in ("softmax", "identity"):
    raise SystemExit("it has no such training")
x, y = networks.rows_for(workload, folder)
rows = len(x) - len(x) % batch  # whole batches, as the others
kind = MLPClassifier if output == "softmax" else MLPRegressor
model = kind(hidden_layer_sizes=sizes[1:-1], activation=hidden, solver="adam" if optimiser == "adam" else "sgd", alpha=0,
             batch_size=batch, learning_rate="constant", learning_rate_init=networks.RATE, momentum=0.9,
             nesterovs_momentum=False, shuffle=True, early_stopping=False, tol=1e-30, random_state=1)
classes = {"classes": numpy.arange(sizes[-1])} if output == "softmax" else {}
x, y = x[:rows], (y.argmax(1) if output == "softmax" else y.ravel())[:rows]


def epoch():
    model.partial_fit(x, y, **(classes if not hasattr(model, "classes_") else {}))


rates = []
for count in {1, threads}:
    with threadpool_limits(count):
        rates.append(networks.measure(epoch, rows, seconds))
print(max(rates))
