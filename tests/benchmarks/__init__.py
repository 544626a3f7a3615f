"""Speed and size, measured: ``python -m tests.benchmarks`` prints every table."""
