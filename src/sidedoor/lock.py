"""Lock the packages: `pyproject.toml` to `requirements.lock`, and from there to `environment.yml`."""

import re
import shutil
import subprocess
from pathlib import Path

from helpers import paths
from helpers.errors import RunError

# What a reader of the notebooks meets by name stands first in environment.yml.
_VISIBLE = ("pandas", "matplotlib", "networkx", "jupyterlab", "papermill", "nbval")
_ENVIRONMENT = """\
# Generated from requirements.lock by `sidedoor lock`; a test compares the two. Do not edit.
name: sidedoor
channels:
  - conda-forge
dependencies:
  - python=3.11
  - pip
  - pip:
{first}      # and everything that these need, as tested
{rest}      - "-e ."
"""
_PIN = re.compile(
    r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[^\s;\\]+)(?:\s*;\s*(?P<marker>[^\\]+?))?\s*\\?$"
)


def list_pins(lock: str) -> list[tuple[str, str]]:
    """Return the pins of a lock file as `(name, requirement)`; one for each marker if versions differ."""
    pins = []
    for line in lock.splitlines():
        if match := _PIN.match(line):
            marker = f" ; {match['marker']}" if match["marker"] else ""
            pins.append((match["name"], f"{match['name']}=={match['version']}{marker}"))
    return pins


def format_environment(lock: str) -> str:
    """Return the text of `environment.yml` for that of `requirements.lock`.

    Conda and Binder install with pip what the lock pins, without the hashes: pip refuses to check hashes in
    a call that also installs this repository in place.
    """
    pins = [(name, f'      - "{pin}"\n') for name, pin in list_pins(lock)]
    first = [line for visible in _VISIBLE for name, line in pins if name == visible]
    rest = [line for name, line in pins if name not in _VISIBLE]
    return _ENVIRONMENT.format(first="".join(first), rest="".join(rest))


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

    RunError if uv, which resolves for all platforms and Python versions at once, is not there or finds no
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
