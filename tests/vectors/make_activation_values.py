#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Writes activation_values.json: f(z) and f'(z) of every activation, and the elementary functions, to 50 digits. Needs
# mpmath. The formulas here are the textbook's, in 400 digits, so that cancellation does not matter. Arguments are written
# as Python prints doubles: reading them back gives the same double. Values below 1e-400 are written as 0.
import json
import os
import struct

import mpmath as mp

mp.mp.dps = 400

E, ONE = mp.exp, mp.mpf(1)
SCALE, ALPHA = mp.mpf(1.0507009873554805), mp.mpf(1.6732632423543772)
FAR = 10**4  # beyond, the exponentials below are 0 or infinity for any purpose


def sigmoid(z):
    return mp.mpf(0) if z < -FAR else ONE if z > FAR else 1 / (1 + E(-z))


def tanh(z):
    return mp.mpf(mp.sign(z)) if abs(z) > FAR else mp.tanh(z)


def softplus(z):
    return z if z > FAR else mp.mpf(0) if z < -FAR else mp.log(1 + E(z))


def density(z):
    return mp.mpf(0) if abs(z) > FAR else E(-z * z / 2) / mp.sqrt(2 * mp.pi)


def distribution(z):
    return (ONE if z > 0 else mp.mpf(0)) if abs(z) > FAR else mp.erfc(-z / mp.sqrt(2)) / 2


def below_zero(z):  # e^z - 1
    return -ONE if z < -FAR else mp.expm1(z)


def mish_slope(z):
    t = tanh(softplus(z))
    return t + z * (1 - t * t) * sigmoid(z)


ACTIVATIONS = {  # f, f'
    "identity": (lambda z: z, lambda z: ONE),
    "relu": (lambda z: max(z, mp.mpf(0)), lambda z: ONE if z > 0 else mp.mpf(0)),
    "leaky_relu": (lambda z: z if z > 0 else z / 100, lambda z: ONE if z > 0 else ONE / 100),
    "elu": (lambda z: z if z > 0 else below_zero(z), lambda z: ONE if z > 0 else 1 + below_zero(z)),
    "selu": (lambda z: SCALE * (z if z > 0 else ALPHA * below_zero(z)),
             lambda z: SCALE * (ONE if z > 0 else ALPHA * (1 + below_zero(z)))),
    "sigmoid": (sigmoid, lambda z: sigmoid(z) * sigmoid(-z)),
    "tanh": (tanh, lambda z: 1 - tanh(z)**2),
    "softplus": (softplus, sigmoid),
    "silu": (lambda z: z * sigmoid(z), lambda z: sigmoid(z) * (1 + z * sigmoid(-z))),
    "gelu": (lambda z: z * distribution(z), lambda z: distribution(z) + z * density(z)),
    "mish": (lambda z: z * tanh(softplus(z)), mish_slope),
}

ELEMENTARY = {
    "exp": (mp.exp, [0, 1e-20, 0.3, -0.3, 1, -1, 2.5, -10, 88.7, -103.9, 700.25, -708, 709.7]),
    "expm1": (mp.expm1, [1e-300, -1e-20, 1e-9, 0.2, -0.34, 0.35, -1.05, 2, -36.7, 40.5, 709.7]),
    "log": (mp.log, [1e-310, 1e-300, 0.1, 0.7071, 0.99999, 1, 1.0000001, 1.41, 1.42, 3, 1e10, 1.7e308]),
    "log1p": (mp.log1p, [1e-300, -1e-20, 1e-9, -0.2929, 0.4142, 0.42, -0.9999, 3, 1e17, 1.7e308]),
    "tanh": (mp.tanh, [1e-300, -1e-10, 0.01, -0.2, 0.55, 1, -3, 10, 19]),
    "erf": (mp.erf, [1e-300, -1e-10, 0.1, 0.5, -0.99, 1.01, 2, -5.5]),
    "erfc": (mp.erfc, [0, 1e-10, 0.49, 0.51, -0.6, 1, 3, -4, 10.3, 26.5]),
    "cos_turns": (lambda x: mp.cos(2 * mp.pi * x), [0, 0.1, 0.124, 0.126, 0.25, 0.2500001, 0.5, 0.7, 0.75, 0.999]),
    "sin_turns": (lambda x: mp.sin(2 * mp.pi * x), [0, 1e-20, 0.1, 0.124, 0.126, 0.25, 0.5, 0.5000001, 0.7, 0.75, 0.999]),
}
POWERS = [(2, 0.5), (0.9, 1000), (0.999, 100000), (1.0000001, 1e9), (1e-310, -0.9), (10, 308.2), (0.3, -588.5), (7.5, 3),
          (1.5, -1e-9)]


def as_float(x):
    return struct.unpack("f", struct.pack("f", x))[0]


def digits(x):
    return "0" if abs(x) < mp.mpf(10)**-400 else mp.nstr(x, 50, strip_zeros=True, min_fixed=-5, max_fixed=5)


def arguments():
    sizes = [as_float(x) for x in (1e-40, 1e-30, 1e-10, 1e-5, 0.01, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 5, 7.5, 10, 12.5,
                                   15, 17, 20, 30, 37, 50, 87, 100, 105, 1000, 1e10, 3.4e38)]
    sizes += [0.3, 37.6, 38.4, 300.1, 708.1, 714.5, 745.0, 1e100, 1.7e308]  # for double alone
    return [0.0, -0.0] + [s * x for x in sizes for s in (1, -1)]


if __name__ == "__main__":
    tables = {}
    for name, (f, slope) in ACTIVATIONS.items():
        tables[name] = [[z, digits(f(mp.mpf(z))), digits(slope(mp.mpf(z)))] for z in arguments()]
    elementary = {name: [[float(x), digits(f(mp.mpf(x)))] for x in xs] for name, (f, xs) in ELEMENTARY.items()}
    powers = [[float(x), float(y), digits(mp.mpf(x)**mp.mpf(y))] for x, y in POWERS]
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "activation_values.json")
    with open(path, "w") as out:
        document = {"activations": tables, "elementary": elementary, "pow": powers}
        out.write(json.dumps(document, indent=0).replace("\n[\n", "\n[").replace(",\n\"", ",\"").replace("\n]", "]") + "\n")
