#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Computes the polynomials of chainrule/base/elementary.h: weighted minimax fits by the Remez exchange in 60 digits, rounded to
# double. Prints C++ constants with the largest weighted error of the rounded polynomial. Needs mpmath. Takes a minute.
import mpmath as mp

mp.mp.dps = 60


def solve(points, f, weight, degree):
    """The polynomial whose weighted error is +-level in turn at the points."""
    n = degree + 2
    a, b = mp.matrix(n, n), mp.matrix(n, 1)
    for i, x in enumerate(points):
        for j in range(degree + 1):
            a[i, j] = x**j
        a[i, n - 1] = (-1)**i / weight(x)
        b[i] = f(x)
    return list(mp.lu_solve(a, b))[:degree + 1]


def extrema_of(grid, errors):
    """The largest error of each run of equal signs."""
    found = []
    for x, e in zip(grid, errors):
        if found and (found[-1][1] > 0) == (e > 0):
            if abs(e) > abs(found[-1][1]):
                found[-1] = (x, e)
        else:
            found.append((x, e))
    return found


def remez(f, weight, low, high, degree, grid_size=1500, rounds=12):
    def node(i, n):
        return (low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * i / n)

    def errors_of(c):
        return [(mp.polyval(c[::-1], x) - v) * k for x, v, k in zip(grid, values, weights)]

    low, high = mp.mpf(low), mp.mpf(high)
    grid = [node(i, grid_size) for i in range(grid_size + 1)]
    values, weights = [f(x) for x in grid], [weight(x) for x in grid]
    points = [node(i, degree + 1) for i in range(degree + 2)]
    for _ in range(rounds):
        c = solve(points, f, weight, degree)
        extrema = extrema_of(grid, errors_of(c))
        while len(extrema) > degree + 2:
            extrema.pop(0 if abs(extrema[0][1]) < abs(extrema[-1][1]) else -1)
        if len(extrema) < degree + 2:
            break
        points = [x for x, _ in extrema]
        sizes = [abs(e) for _, e in extrema]
        if max(sizes) < min(sizes) * mp.mpf("1.001"):
            break
    rounded = [float(x) for x in c]
    return rounded, max(abs(e) for e in errors_of([mp.mpf(x) for x in rounded]))


def show(name, f, weight, low, high, degree):
    c, worst = remez(f, weight, low, high, degree)
    print(f"// [{mp.nstr(mp.mpf(low), 5)}, {mp.nstr(mp.mpf(high), 5)}], degree {degree}, "
          f"weighted error 2^{mp.nstr(mp.log(worst, 2), 4)}")
    print(f"inline constexpr std::array<double, {degree + 1}> {name}{{" + ", ".join(x.hex() for x in c) + "};", flush=True)


def constant(name, value):
    print(f"inline constexpr double {name} = {float(value).hex()};")


def at_least(x, floor):  # keeps a weight away from the zero that it has at the origin
    return max(x, mp.mpf(floor))


def exp_tail(r):
    return (mp.expm1(r) - r) / r**2 if abs(r) > 1e-12 else mp.mpf(1) / 2 + r / 6


def erf_ratio(u):  # erf(x) / x - 1, u = x^2
    return mp.erf(mp.sqrt(u)) / mp.sqrt(u) - 1 if u > 1e-30 else 2 / mp.sqrt(mp.pi) - 1


def erfcx_map(t):  # (1 + x) e^(x^2) erfc(x), t = (x - 3) / (x + 3)
    x = 3 * (1 + t) / (1 - t)
    return (1 + x) * mp.exp(x * x) * mp.erfc(x)


def log_series(u):  # (log((1 + s) / (1 - s)) / s - 2) / u, u = s^2
    s = mp.sqrt(u)
    return (mp.log((1 + s) / (1 - s)) / s - 2) / u if u > 1e-20 else mp.mpf(2) / 3 + u * 2 / 5


def log_series_rest(u):  # the series without its first two terms
    return (log_series(u) - mp.mpf(2) / 3) / u if u > 1e-15 else mp.mpf(2) / 5 + u * 2 / 7


def sin_rest(u):  # (sin(2 pi d) / d - 2 pi) / u, u = d^2
    d = mp.sqrt(u)
    return (mp.sin(2 * mp.pi * d) / d - 2 * mp.pi) / u if u > 1e-20 else -(2 * mp.pi)**3 / 6 + u * (2 * mp.pi)**5 / 120


def cos_rest(u):  # (cos(2 pi d) - 1) / u, u = d^2
    return (mp.cos(2 * mp.pi * mp.sqrt(u)) - 1) / u if u > 1e-20 else -(2 * mp.pi)**2 / 2 + u * (2 * mp.pi)**4 / 24


def split(value, bits):
    """A double with this many bits, and the rest."""
    scale = mp.mpf(2)**(bits - 1 - int(mp.floor(mp.log(value, 2))))
    high = mp.nint(value * scale) / scale
    return high, value - high


if __name__ == "__main__":
    high, low = split(mp.log(2), 42)
    constant("kLog2E", 1 / mp.log(2))
    constant("kLn2High", high)
    constant("kLn2Low", low)
    constant("kTwoPi", 2 * mp.pi)
    constant("kTwoPiLow", 2 * mp.pi - mp.mpf(float(2 * mp.pi)))
    constant("kTwoThirds", mp.mpf(2) / 3)
    constant("kTwoThirdsLow", mp.mpf(2) / 3 - mp.mpf(float(mp.mpf(2) / 3)))
    constant("kInverseSqrt2", 1 / mp.sqrt(2))
    constant("kTwoOverSqrtPi", 2 / mp.sqrt(mp.pi))
    constant("kInverseSqrt2Pi", 1 / mp.sqrt(2 * mp.pi))
    log_end = ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1))**2 * mp.mpf("1.0001")
    show("kExpTail", exp_tail, lambda r: at_least(abs(r), 0.01), -0.34664, 0.34664, 10)
    show("kErfRatio", erf_ratio, lambda u: 1 / (1 + erf_ratio(u)), 0, 1, 11)
    show("kErfcx", erfcx_map, lambda t: 1 / erfcx_map(t), -1, (mp.mpf(28.5) - 3) / (mp.mpf(28.5) + 3), 22)
    show("kLogSeries", log_series, lambda u: at_least(u / 2, 1e-4), 0, log_end, 6)
    show("kLogSeriesRest", log_series_rest, lambda u: at_least(u * u / 2, 1e-6), 0, log_end, 8)
    show("kSinRest", sin_rest, lambda u: at_least(u / 6, 1e-4), 0, mp.mpf(1) / 64, 6)
    show("kCosRest", cos_rest, lambda u: at_least(u, 1e-4), 0, mp.mpf(1) / 64, 6)
