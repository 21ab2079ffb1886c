# SPDX-License-Identifier: Apache-2.0
"""The workloads, and the rows that they train on: the same for every peer."""
import gzip
import pathlib

import numpy

# name: sizes, activation of the hidden layers, output ("sigmoid" is squared error after a sigmoid), optimiser, batch
WORKLOADS = {
    "T1": ([784, 30, 10], "sigmoid", "sigmoid", "sgd", 10),
    "T2": ([784, 128, 10], "relu", "softmax", "adam", 32),
    "T3": ([784, 800, 10], "relu", "softmax", "momentum", 100),
    "T4": ([784, 2500, 2000, 1500, 1000, 500, 10], "relu", "softmax", "momentum", 128),
    "T5": ([8, 64, 64, 1], "tanh", "identity", "adam", 256),
    "T6": ([64, 256, 256, 256, 1], "relu", "identity", "adam", 256),
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
    """Inputs (rows x S_1) and targets (rows x S_L), float32; at most 60,000 rows, fewer for the largest network."""
    sizes = WORKLOADS[workload][0]
    if sizes[0] == 784:
        count = 4096 if workload == "T4" else 60000
        x = read_idx(folder, "train-images-idx3-ubyte")[:count].reshape(count, 784).astype(numpy.float32) / 255
        y = numpy.eye(10, dtype=numpy.float32)[read_idx(folder, "train-labels-idx1-ubyte")[:count]]
        return x, y
    generator = numpy.random.default_rng(1)
    x = generator.standard_normal((65536, sizes[0]), dtype=numpy.float32)
    return x, generator.standard_normal((65536, sizes[-1]), dtype=numpy.float32)


def measure(epoch, rows, seconds):
    """Rows per second of whole epochs: one that does not count, then as many as fill the time."""
    import time
    epoch()
    start, done = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        epoch()
        done += rows
    return done / (time.perf_counter() - start)
