"""Measure, compare results, and print one table of times beside what a user would use instead."""

import argparse
import importlib

from benchmarks.measure import describe_machine, measure, print_table

NAMES = ("network", "logs", "names", "notebooks")


def main() -> None:
    """Read the command line, measure what was asked for, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(NAMES)}; all by default")
    parser.add_argument("--turns", type=int, default=3, help="turns of each way; 3 by default")
    parser.add_argument("--size", help="logs: 1M, 10M, 30M")
    given = parser.parse_args()
    unknown = set(given.names) - set(NAMES)
    if unknown or given.turns < 1:
        parser.error(f"no benchmark {', '.join(sorted(unknown))}" if unknown else "at least one turn")
    modules = [importlib.import_module(f"benchmarks.{name}") for name in given.names or NAMES]
    if given.size and (len(modules) > 1 or given.size not in modules[0].SIZES):
        parser.error("--size goes with one benchmark that comes in this size")
    rows, notes = [], []
    for module in modules:
        found, told = measure(module, given.size or next(iter(module.SIZES)), given.turns)
        rows += found
        notes += told
    print(describe_machine(given.turns))
    print_table(rows)
    print(*notes, sep="\n")


main()
