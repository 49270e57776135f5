"""Lock the packages: `pyproject.toml` to `requirements.lock`, and from there to `environment.yml`."""

import re
import shutil
import subprocess
from pathlib import Path

from helpers import paths
from helpers.errors import RunError

# What a reader of the notebooks meets by name stands first in environment.yml.
_VISIBLE = ("pandas", "matplotlib", "networkx", "jupyterlab", "papermill", "nbval")
_PIN = re.compile(
    r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[^\s;\\]+)(?:\s*;\s*(?P<marker>[^\\]+?))?\s*\\?$"
)


def list_pins(lock: str) -> list[tuple[str, str]]:
    """List the pins of a lock file as `(name, requirement)`, in its order.

    A package that differs between Python versions has one pin for each, with its environment marker.
    """
    pins = []
    for line in lock.splitlines():
        if match := _PIN.match(line):
            marker = f" ; {match['marker']}" if match["marker"] else ""
            pins.append((match["name"], f"{match['name']}=={match['version']}{marker}"))
    return pins


def format_environment(lock: str) -> str:
    """Write the text of `environment.yml` from the text of `requirements.lock`.

    Conda and Binder install with pip what the lock pins, without the hashes: pip refuses to check hashes in
    a call that also installs this repository in place.
    """
    pins = list_pins(lock)
    absent = [name for name in _VISIBLE if name not in dict(pins)]
    if absent:
        found = f"no pin for {', '.join(absent)}"
        raise RunError("requirements.lock", found, "Run `sidedoor lock` again.", code="no-pin")
    first = [pin for name in _VISIBLE for pinned, pin in pins if pinned == name]
    rest = [pin for name, pin in pins if name not in _VISIBLE]
    quote = '      - "{}"'.format
    return "\n".join(
        [
            "# Generated from requirements.lock by `sidedoor lock`; a test compares the two. Do not edit.",
            "name: sidedoor",
            "channels:",
            "  - conda-forge",
            "dependencies:",
            "  - python=3.11",
            "  - pip",
            "  - pip:",
            *map(quote, first),
            "      # and everything that these need, as tested",
            *map(quote, rest),
            '      - "-e ."',
            "",
        ]
    )


def format_engines(resolved: str, lock: str) -> str:
    """Return the text of `requirements-engines.lock`: what the extra `engines` needs beyond the lock.

    `resolved` is a lock of the package with the extra, resolved under the pins of `lock`.
    """
    known = {name for name, _ in list_pins(lock)}
    kept, is_new = [], False
    for line in resolved.splitlines():
        if match := _PIN.match(line):
            is_new = match["name"] not in known
        if is_new:
            kept.append(line)
    return "\n".join([*kept, ""])


def write_environment(root: Path = paths.ROOT) -> list[Path]:
    """Resolve `pyproject.toml` anew, write the two locks and `environment.yml`, and return their paths.

    Raises
    ------
    RunError
        uv, which resolves for all platforms and Python versions at once, is not installed, or finds no
        solution.
    """
    if not shutil.which("uv"):
        raise RunError("sidedoor lock", "the command `uv` is not there", "Install it with `pip install uv`.")
    names = ("requirements.lock", "requirements-engines.lock", "environment.yml")
    lock, engines, conda = (root / name for name in names)
    _resolve(root, ["--extra", "test", "--extra", "build", "--output-file", lock.name])
    text = lock.read_text(encoding="utf-8")
    resolved = _resolve(root, ["--extra", "engines", "--constraint", lock.name])
    engines.write_text(format_engines(resolved, text), encoding="utf-8", newline="\n")
    conda.write_text(format_environment(text), encoding="utf-8", newline="\n")
    return [lock, engines, conda]


def _resolve(root: Path, more: list[str]) -> str:
    options = "--quiet --universal --generate-hashes --python-version 3.11 --no-header --no-annotate"
    command = ["uv", "pip", "compile", *options.split(), "--no-emit-index-url", "--no-emit-find-links"]
    command += ["pyproject.toml", *more]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        way_out = "Loosen or correct the requirement that uv names."
        raise RunError("pyproject.toml", done.stderr.strip(), way_out, code="unsolvable")
    return done.stdout
