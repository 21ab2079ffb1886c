# SPDX-License-Identifier: Apache-2.0
"""with_onnxruntime.py WORKLOAD FOLDER THREADS SECONDS: rows predicted per second, on standard output; for a single row,
of the faster of two ways to call."""
import sys

import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

import networks

workload, folder, threads, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
sizes, hidden, output, optimiser, batch = networks.WORKLOADS[workload]
if optimiser:
    raise SystemExit("it only predicts")
x, _ = networks.rows_for(workload, folder)
operators = {"relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid", "identity": None}

nodes, constants, name = [], [], "x"
layers = networks.weights_for(workload)
for i, (w, b) in enumerate(layers):
    constants += [numpy_helper.from_array(w, f"w{i}"), numpy_helper.from_array(b, f"b{i}")]
    nodes.append(helper.make_node("Gemm", [name, f"w{i}", f"b{i}"], [f"z{i}"], transB=1))
    operator = operators[hidden if i + 1 < len(layers) else output]
    name = f"a{i}" if operator else f"z{i}"
    if operator:
        nodes.append(helper.make_node(operator, [f"z{i}"], [name]))
floats = TensorProto.FLOAT
graph = helper.make_graph(nodes, workload, [helper.make_tensor_value_info("x", floats, [batch, sizes[0]])],
                          [helper.make_tensor_value_info(name, floats, [batch, sizes[-1]])], constants)
# Versions that every ONNX Runtime of the last years reads.
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
onnx.checker.check_model(model)

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = threads
options.inter_op_num_threads = 1
options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
options.add_session_config_entry("session.set_denormal_as_zero", "1")
session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def bound(piece):
    """A call prepared: inputs and outputs stand where ONNX Runtime finds them without a look from Python."""
    binding = session.io_binding()
    binding.bind_ortvalue_input("x", onnxruntime.OrtValue.ortvalue_from_numpy(piece))
    answer = numpy.zeros((batch, sizes[-1]), numpy.float32)
    binding.bind_ortvalue_output(name, onnxruntime.OrtValue.ortvalue_from_numpy(answer))
    return binding


# All that can be prepared is prepared outside the clock.
pieces = [x[i:i + batch] for i in range(0, len(x), batch)]
feeds = [{"x": piece} for piece in pieces]
names = [name]


def plain():
    for feed in feeds:
        session.run(names, feed)


def with_bindings():
    run = session._sess.run_with_iobinding  # what session.run_with_iobinding() calls, less a function of Python
    for binding in bindings:
        run(binding, None)


rates = [networks.measure(plain, len(x), seconds)]
if batch == 1:
    bindings = [bound(piece)._iobinding for piece in pieces]
    rates.append(networks.measure(with_bindings, len(x), seconds))
print(max(rates))
