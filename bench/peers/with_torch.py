# SPDX-License-Identifier: Apache-2.0
"""with_torch.py WORKLOAD FOLDER THREADS SECONDS eager|compiled: rows per second, on standard output."""
import sys

import torch
from torch import nn

import networks

workload, folder, threads, seconds, mode = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), sys.argv[5]
torch.set_num_threads(threads)
torch.set_flush_denormal(True)
torch.manual_seed(1)
sizes, hidden, output, optimiser, batch = networks.WORKLOADS[workload]
x, y = (torch.from_numpy(a.copy()) for a in networks.rows_for(workload, folder))
rows = len(x) - len(x) % batch
if output == "softmax":
    y = y.argmax(1)

layers = []
for i in range(len(sizes) - 1):
    layers.append(nn.Linear(sizes[i], sizes[i + 1]))
    if i + 2 < len(sizes):
        layers.append({"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}[hidden]())
    elif output in ("sigmoid", "tanh"):
        layers.append(nn.Sigmoid() if output == "sigmoid" else nn.Tanh())
model = nn.Sequential(*layers)


def predicting():
    called = torch.compile(model) if mode == "compiled" else model
    pieces = list(x.split(batch))  # cut outside the clock

    def every_row():
        with torch.inference_mode():
            for piece in pieces:
                called(piece)

    return every_row


def training():
    criterion = nn.CrossEntropyLoss() if output == "softmax" else lambda a, t: 0.5 * ((a - t)**2).sum() / len(a)
    if optimiser == "adam":
        update = torch.optim.Adam(model.parameters(), lr=networks.RATE, fused=True)
    else:
        momentum = 0.9 if optimiser == "momentum" else 0
        update = torch.optim.SGD(model.parameters(), lr=networks.RATE, momentum=momentum, fused=True)

    def loss_of(a, t):
        return criterion(model(a), t)

    loss = torch.compile(loss_of) if mode == "compiled" else loss_of

    def epoch():
        order = torch.randperm(len(x))[:rows].view(-1, batch)
        for chosen in order:
            update.zero_grad(set_to_none=True)
            loss(x[chosen], y[chosen]).backward()
            update.step()

    return epoch


print(networks.measure(training() if optimiser else predicting(), rows, seconds))
