#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Opens model files with the packages `safetensors` and `torch`, without code of this project.

    check_model_file.py PROGRAM DATA_FOLDER         train and check a few models with this program
    check_model_file.py MODEL DATA.csv ANSWERS.csv  check one; ANSWERS.csv is the output of `chainrule predict MODEL DATA.csv`

Checks: names, shapes and checksums of the tensors; torch.nn.Sequential loads them as its state, strictly; its predictions
are within 1e-5 (of the largest) of Chainrule's. Exits with 77 and a message if a package is missing.
"""
import csv
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy
    import safetensors
    import safetensors.numpy
    import safetensors.torch
    import torch
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

TOLERANCE = 1e-5
ACTIVATIONS = {
    "identity": torch.nn.Identity, "relu": torch.nn.ReLU, "leaky_relu": lambda: torch.nn.LeakyReLU(0.01),
    "elu": torch.nn.ELU, "selu": torch.nn.SELU, "sigmoid": torch.nn.Sigmoid, "tanh": torch.nn.Tanh,
    "softplus": torch.nn.Softplus, "silu": torch.nn.SiLU, "gelu": torch.nn.GELU, "mish": torch.nn.Mish,
}
LINKS = {"identity": lambda a: a, "softmax": lambda a: torch.softmax(a, 1), "sigmoid": torch.sigmoid, "exp": torch.exp}


def expect(what, expected, found):
    if expected != found:
        sys.exit(f"{what}: expected {expected}, found {found}")


def read_metadata(model):
    with safetensors.safe_open(model, framework="numpy") as file:
        return file.metadata()


def check_tensors(model, metadata, layers):
    tensors = safetensors.numpy.load_file(model)
    expect("tensors", sorted(f"{2 * k}.{kind}" for k in range(len(layers)) for kind in ("weight", "bias")),
           sorted(tensors))
    for k, layer in enumerate(layers):
        expect(f"{2 * k}.weight", (layer["outputs"], layer["inputs"]), tensors[f"{2 * k}.weight"].shape)
        expect(f"{2 * k}.bias", (layer["outputs"],), tensors[f"{2 * k}.bias"].shape)
    order = [f"{2 * k}.{kind}" for kind in ("weight", "bias") for k in range(len(layers))]
    values = b"".join(tensors[name].astype("<f4").tobytes() for name in order)
    expect("weights_sha256", hashlib.sha256(values).hexdigest(), metadata["weights_sha256"])
    texts = "".join(f"{key}\0{metadata[key]}\0" for key in sorted(metadata) if key != "metadata_sha256")
    expect("metadata_sha256", hashlib.sha256(texts.encode()).hexdigest(), metadata["metadata_sha256"])


def as_sequential(model, layers):
    parts = []
    for layer in layers:
        parts += [torch.nn.Linear(layer["inputs"], layer["outputs"]), ACTIVATIONS[layer["activation"]]()]
    network = torch.nn.Sequential(*parts)
    network.load_state_dict(safetensors.torch.load_file(model), strict=True)
    return network.eval()


def encode(metadata, data):
    columns = json.loads(metadata["columns"])
    with open(data, newline="", encoding="utf-8-sig") as file:
        rows = list(csv.reader(file))
    places = [place - 1 for place in columns["places"]]
    if columns["match_by_name"]:
        places = [rows[0].index(name) for name in columns["names"]]
        rows = rows[1:]
    x = numpy.array([[float(row[place]) for place in places] for row in rows])
    x = (x - numpy.array(columns["shift"])) / numpy.array(columns["scale"])
    x = numpy.where(columns["clipped"], x / numpy.sqrt(1 + (x / 3) ** 2), x)
    return torch.tensor(numpy.where(columns["constant"], 0.0, x), dtype=torch.float32)


def answers_of(model, metadata, layers, data):
    with torch.no_grad():
        answers = LINKS[json.loads(metadata["loss"])["link"]](as_sequential(model, layers)(encode(metadata, data)))
    answers = answers.double()
    if metadata["task"] == "number":
        target = json.loads(metadata["target"])
        decision = json.loads(metadata["decision"])
        return (answers * target["scale"] + target["shift"]).clamp(decision["least"], decision["most"])
    scores = answers.clamp(min=0)
    total = scores.sum(1, keepdim=True)
    return torch.where(total > 0, scores / total, torch.full_like(scores, 1 / scores.shape[1]))


def check_answers(answers, metadata, expected):
    with open(expected, newline="", encoding="utf-8") as file:
        heading, *rows = list(csv.reader(file))
    expect("rows of answers", len(rows), len(answers))
    if metadata["task"] == "number":
        written = torch.tensor([[float(row[0])] for row in rows], dtype=torch.float64)
    else:
        labels = json.loads(metadata["labels"])
        expect("heading", ["prediction"] + [f"probability_{label}" for label in labels], heading)
        written = torch.tensor([[float(field) for field in row[1:]] for row in rows], dtype=torch.float64)
        for row, scores in zip(rows, written):
            expect("prediction", labels[int(scores.argmax())], row[0])
    error = float((answers - written).abs().max()) / max(1.0, float(written.abs().max()))
    if not error <= TOLERANCE:
        sys.exit(f"answers: expected those of torch within {TOLERANCE}, found a difference of {error}")
    return error


def check(model, data, expected):
    metadata = read_metadata(model)
    layers = json.loads(metadata["layers"])
    check_tensors(model, metadata, layers)
    error = check_answers(answers_of(model, metadata, layers, data), metadata, expected)
    names = " -> ".join(f"{layer['outputs']} {layer['activation']}" for layer in layers)
    print(f"{layers[0]['inputs']} -> {names}, {metadata['task']}: torch agrees within {error:.1e}")


def check_program(program, folder):
    iris, digits = folder / "iris.csv", folder / "digits.csv"
    trials = [[iris], [digits, "--target", "digit", "--epochs", "3"], [iris, "--preset", "classic", "--epochs", "5"],
              [iris, "--target", "petal_width", "--ignore", "species", "--task", "number", "--epochs", "20"],
              [iris, "--loss", "sigmoid-cross-entropy", "--dropout", "0.2", "--epochs", "5"],
              [iris, "--target", "petal_width", "--ignore", "species", "--task", "number", "--loss", "poisson",
               "--epochs", "5"]]
    trials += [[iris, "--hidden", "7,5", "--activation", name.replace("_", "-"), "--epochs", "5"]
               for name in ACTIVATIONS]
    for trial in trials:
        with tempfile.TemporaryDirectory() as place:
            model, answers = pathlib.Path(place, "m.safetensors"), pathlib.Path(place, "answers.csv")
            subprocess.run([program, "-q", "train", *trial, "-o", model], check=True, stdout=subprocess.DEVNULL)
            with open(answers, "wb") as file:
                subprocess.run([program, "predict", model, trial[0]], check=True, stdout=file)
            check(model, trial[0], answers)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        check_program(sys.argv[1], pathlib.Path(sys.argv[2]))
    elif len(sys.argv) == 4:
        check(*sys.argv[1:])
    else:
        sys.exit(__doc__)
