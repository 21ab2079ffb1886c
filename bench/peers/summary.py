# SPDX-License-Identifier: Apache-2.0
"""The results of a run in words: lines for the terminal, and summary.md. No path of the machine gets in here."""
import pathlib

NAMES = {"chainrule": "Chainrule", "eager": "PyTorch eager", "compiled": "PyTorch compiled", "jax": "JAX",
         "sklearn": "scikit-learn", "onnxruntime": "ONNX Runtime"}


def command(arguments):
    words = ["bench/peers/run", "--python PYTHON", "--data MNIST", f"--threads {arguments.threads}",
             f"--repeats {arguments.repeats}", f"--seconds {arguments.seconds:g}"]
    words += [f"--peers {arguments.peers}"] if arguments.peers else []
    words += [f"--out bench/runs/{pathlib.Path(arguments.out).name}"] if arguments.out else []
    return " ".join(words + arguments.workloads)


def about(results):
    packages = ", ".join(f"{name} {version}" for name, version in results["packages"].items())
    load = " ".join(f"{value:g}" for value in results["load_at_start"])
    return [f"{results['processor']}, cores: {results['cores']}, threads: {results['threads']}, load before: {load}",
            f"{results['program']} (commit {results['commit'] or 'unknown'}, {results['compiler']})",
            packages or "the peers' Python does not run"]


def rate_text(rate):
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.3g}"


def rows(entry):
    """Name, median, slowest and fastest, microseconds per step or call, Chainrule's median over this one."""
    for name, rates in entry["samples_per_second"].items():
        if name in entry["medians"]:
            median = entry["medians"][name]
            yield (NAMES[name], rate_text(median), f"{rate_text(min(rates))} to {rate_text(max(rates))}",
                   f"{1e6 * entry['rows_per_call'] / median:,.2f}",
                   "" if name == "chainrule" else f"{entry['medians']['chainrule'] / median:.2f}",
                   f"{entry['share_of_peak']:.0%}" if name == "chainrule" else "")


def missing(entry):
    return [f"{NAMES[name]} is missing: {why}" for name, why in entry["missing"].items()]


def lines(workload, entry):
    yield f"{workload}: {entry['about']}"
    for name, median, spread, call, ratio, share in rows(entry):
        yield (f"  {name:<17} {median:>12}/s  ({spread}), {call} us a step or call" +
               (f", Chainrule / it {ratio}" if ratio else f", {share} of peak"))
    yield from ("  " + line for line in missing(entry))


def document(results):
    out = ["# Chainrule beside others", "", "    " + results["command"], "", *[line + "  " for line in about(results)],
           f"Peak of one core, measured: {results['peak_gflops_per_core']:.0f} GFLOP/s ({results['vector_unit']})", "",
           "Samples per second, median of the repeats; the ratio is Chainrule's median over that of the line.", "",
           "| | | samples/s | slowest to fastest | µs per step or call | ratio | share of peak |",
           "|---|---|---|---|---|---|---|"]
    notes = []
    for workload, entry in results["workloads"].items():
        for cells in rows(entry):
            out.append(f"| {workload} | " + " | ".join(cells) + " |")
        for name in entry["missing"]:
            out.append(f"| {workload} | {NAMES[name]} | missing | | | | |")
        notes += [f"* {workload}, {line}" for line in missing(entry)]
    networks = [f"* {workload}: {entry['about']}" for workload, entry in results["workloads"].items()]
    return "\n".join(out + ["", *networks, *([""] + notes if notes else [])]) + "\n"
