"""Measurements against peers: `python -m benchmarks NAME` prints a table of paired ratios, never a verdict on seconds."""
