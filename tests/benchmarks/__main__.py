"""Print every table: ``python -m tests.benchmarks``."""

import importlib
from pathlib import Path

from tests.benchmarks._table import show

for path in sorted(Path(__file__).parent.glob("bench_*.py")):
    benchmark = importlib.import_module(f"tests.benchmarks.{path.stem}")
    print(f"\n{str(benchmark.__doc__).splitlines()[0]}\n")
    show(benchmark.HEADER, benchmark.table())
