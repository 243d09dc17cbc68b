"""The benchmarks: what the product costs, measured from outside in processes of its own. `python -m bench --help`."""
