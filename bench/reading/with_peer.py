# SPDX-License-Identifier: Apache-2.0
"""with_peer.py READER FILE: seconds that READER takes for the table, imports aside, on standard output."""
import os
import sys
import time

reader, path = sys.argv[1], sys.argv[2]
cores = int(os.environ.get("READERS_CORES", "1"))
if reader in ("pyarrow", "pandas-pyarrow"):
    import pyarrow
    import pyarrow.csv

    pyarrow.set_cpu_count(cores)
if reader.startswith("pandas"):
    import pandas
elif reader == "polars":
    import polars

READ = {"pandas": lambda: pandas.read_csv(path), "pandas-pyarrow": lambda: pandas.read_csv(path, engine="pyarrow"),
        "polars": lambda: polars.read_csv(path),
        "pyarrow": lambda: pyarrow.csv.read_csv(path, read_options=pyarrow.csv.ReadOptions(use_threads=cores > 1))}
start = time.perf_counter()
table = READ[reader]()
taken = time.perf_counter() - start
if table.shape[0] == 0:
    raise SystemExit("read nothing")
print(taken)
