# SPDX-License-Identifier: Apache-2.0
"""The workloads, and the rows that they work on: the same for every peer."""
import gzip
import pathlib

import numpy

# name: sizes, activation of the hidden layers, output ("sigmoid" is squared error after a sigmoid), optimiser, batch;
# without an optimiser the network only predicts, a batch in each call
WORKLOADS = {
    "T1": ([784, 30, 10], "sigmoid", "sigmoid", "sgd", 10),
    "T2": ([784, 128, 10], "relu", "softmax", "adam", 32),
    "T3": ([784, 800, 10], "relu", "softmax", "momentum", 100),
    "T4": ([784, 2500, 2000, 1500, 1000, 500, 10], "relu", "softmax", "momentum", 128),
    "T5": ([8, 64, 64, 1], "tanh", "identity", "adam", 256),
    "T6": ([64, 256, 256, 256, 1], "relu", "identity", "adam", 256),
    "I1": ([784, 30, 10], "sigmoid", "sigmoid", None, 1),
    "I2": ([784, 100, 10], "relu", "identity", None, 1),
    "I3": ([64, 64], "tanh", "tanh", None, 1),
    "I4a": ([784, 30, 10], "sigmoid", "sigmoid", None, 4096),
    "I4b": ([784, 800, 10], "relu", "identity", None, 4096),
}
RATE = 0.001


def read_idx(folder, name):
    for path in (pathlib.Path(folder) / f"{name}.gz", pathlib.Path(folder) / name):
        if path.exists():
            data = (gzip.open if path.suffix == ".gz" else open)(path, "rb").read()
            rank = data[3]
            shape = [int.from_bytes(data[4 + 4 * i:8 + 4 * i], "big") for i in range(rank)]
            return numpy.frombuffer(data, numpy.uint8, offset=4 + 4 * rank).reshape(shape)
    raise SystemExit(f"{folder}: expected {name} or {name}.gz")


def rows_for(workload, folder):
    """Inputs (rows x S_1) and targets (rows x S_L), float32; MNIST's where they fit. Fewer for the largest network, and
    as many as Chainrule takes to predict."""
    sizes, _, _, optimiser, _ = WORKLOADS[workload]
    if sizes[0] == 784:
        count = 4096 if workload == "T4" or optimiser is None else 60000
        x = read_idx(folder, "train-images-idx3-ubyte")[:count].reshape(count, 784).astype(numpy.float32) / 255
        y = numpy.eye(10, dtype=numpy.float32)[read_idx(folder, "train-labels-idx1-ubyte")[:count]]
        return x, y
    generator = numpy.random.default_rng(1)
    count = 4096 if optimiser is None else 65536
    x = generator.standard_normal((count, sizes[0]), dtype=numpy.float32)
    return x, generator.standard_normal((count, sizes[-1]), dtype=numpy.float32)


def weights_for(workload):
    """A pair (W, b) of each layer, W (outputs x inputs): what a network that only predicts is made of."""
    generator = numpy.random.default_rng(2)
    sizes = WORKLOADS[workload][0]
    return [(generator.standard_normal((b, a), dtype=numpy.float32) / numpy.float32(a**0.5), numpy.zeros(b, numpy.float32))
            for a, b in zip(sizes, sizes[1:])]


def measure(epoch, rows, seconds):
    """Rows per second of whole epochs (or passes over the rows to predict): one that does not count, then as many as
    fill the time."""
    import time
    epoch()
    start, done = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        epoch()
        done += rows
    return done / (time.perf_counter() - start)
