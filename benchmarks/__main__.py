"""Choose a benchmark and run it."""

import argparse
import importlib

# Name -> the sizes it comes in, the first by default.
BENCHMARKS = {"logs": ("1M", "10M", "30M"), "names": (), "network": ("S", "M", "L"), "notebooks": ()}


def main() -> None:
    """Read the command line and print the table of one benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="?", default="notebooks", choices=sorted(BENCHMARKS))
    parser.add_argument(
        "--reps", type=int, default=5, help="paired repetitions; fewer than 5 are marked in the table"
    )
    parser.add_argument(
        "--size", help="; ".join(f"{name}: {', '.join(of)}" for name, of in BENCHMARKS.items() if of)
    )
    given = parser.parse_args()
    sizes = BENCHMARKS[given.name]
    if given.size and given.size not in sizes:
        parser.error(f"{given.name} comes in {', '.join(sizes) or 'one size'}")
    measure = importlib.import_module(f".{given.name}", __package__).measure
    measure(given.reps, *([given.size or sizes[0]] if sizes else []))


main()
