"""Choose a benchmark and run it."""

import argparse

from . import names, notebooks

BENCHMARKS = {"names": names.measure, "notebooks": notebooks.measure}


def main() -> None:
    """Read the command line and print the table of one benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="?", default="notebooks", choices=sorted(BENCHMARKS))
    parser.add_argument("--reps", type=int, default=5, help="paired repetitions; fewer than 5 are marked in the table")
    given = parser.parse_args()
    BENCHMARKS[given.name](given.reps)


main()
