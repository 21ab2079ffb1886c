# SPDX-License-Identifier: Apache-2.0
"""with_jax.py WORKLOAD FOLDER THREADS SECONDS: rows per second, on standard output. The epoch is one compiled scan."""
import functools
import sys

import jax
import jax.numpy as jnp

import networks

workload, folder, seconds = sys.argv[1], sys.argv[2], float(sys.argv[4])
sizes, hidden, output, optimiser, batch = networks.WORKLOADS[workload]
if not optimiser:
    raise SystemExit("it is not asked to predict here")
x, y = (jnp.asarray(a) for a in networks.rows_for(workload, folder))
steps = len(x) // batch
f = {"relu": jax.nn.relu, "tanh": jnp.tanh, "sigmoid": jax.nn.sigmoid}[hidden]


def loss_of(parameters, a, t):
    for i, (w, b) in enumerate(parameters):
        z = a @ w + b
        a = f(z) if i + 1 < len(parameters) else z
    if output == "softmax":
        return -(t * jax.nn.log_softmax(a)).sum() / len(t)
    a = jax.nn.sigmoid(a) if output == "sigmoid" else a
    return 0.5 * ((a - t)**2).sum() / len(t)


def step(state, chosen):
    parameters, first, second, count = state
    g = jax.grad(loss_of)(parameters, x[chosen], y[chosen])
    count = count + 1
    tree = functools.partial(jax.tree_util.tree_map)
    if optimiser == "sgd":
        parameters = tree(lambda p, d: p - networks.RATE * d, parameters, g)
    elif optimiser == "momentum":
        first = tree(lambda v, d: 0.9 * v + d, first, g)
        parameters = tree(lambda p, v: p - networks.RATE * v, parameters, first)
    else:
        first = tree(lambda m, d: 0.9 * m + 0.1 * d, first, g)
        second = tree(lambda v, d: 0.999 * v + 0.001 * d * d, second, g)
        c1, c2 = 1 / (1 - 0.9**count), 1 / (1 - 0.999**count)
        parameters = tree(lambda p, m, v: p - networks.RATE * c1 * m / (jnp.sqrt(c2 * v) + 1e-8), parameters, first, second)
    return (parameters, first, second, count), None


@functools.partial(jax.jit, donate_argnums=0)
def run_epoch(state, key):
    order = jax.random.permutation(key, len(x))[:steps * batch].reshape(steps, batch)
    return jax.lax.scan(step, state, order)[0]


key = jax.random.PRNGKey(1)
parameters = []
for i in range(len(sizes) - 1):
    key, part = jax.random.split(key)
    parameters.append((jax.random.normal(part, (sizes[i], sizes[i + 1])) / sizes[i]**0.5, jnp.zeros(sizes[i + 1])))
zeros = functools.partial(jax.tree_util.tree_map, jnp.zeros_like)
state = (parameters, zeros(parameters), zeros(parameters), jnp.float32(0))


def epoch():
    global state, key
    key, part = jax.random.split(key)
    state = jax.block_until_ready(run_epoch(state, part))


print(networks.measure(epoch, steps * batch, seconds))
