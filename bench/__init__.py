"""The benchmark: Palabre and Synapse on one machine, driven by one client, scenario by scenario.

`python -m bench` runs all of it and writes `docs/benchmarks.md`. Nothing here asserts a time: a figure that
misses its target is written down as not met.
"""
