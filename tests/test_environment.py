"""The locked environment: one hand-written list, everything else generated from it."""

import tomllib

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement

from helpers import _paths
from helpers.environment import format_environment, list_pins
from helpers.errors import RunError

LOCK = _paths.LOCK.read_text(encoding="utf-8")


def test_environment_file_is_the_generated_one():
    """environment.yml is, byte for byte, what requirements.lock gives."""
    committed = (_paths.ROOT / "environment.yml").read_bytes()

    assert format_environment(LOCK).encode() == committed


def test_lock_meets_every_hand_written_requirement():
    """Each requirement of pyproject.toml is pinned to a version that satisfies it, on each Python it supports."""
    project = tomllib.loads((_paths.ROOT / "pyproject.toml").read_text())["project"]
    wanted = [Requirement(line) for line in project["dependencies"] + project["optional-dependencies"]["test"]]
    pins = [Requirement(line) for _, line in list_pins(LOCK)]

    for python in ("3.11", "3.12", "3.13", "3.14"):
        here = {"python_version": python, "python_full_version": python + ".4"}
        pinned = {
            pin.name: str(pin.specifier).removeprefix("==")
            for pin in pins
            if pin.marker is None or Marker(str(pin.marker)).evaluate(here)
        }
        for need in wanted:
            assert need.specifier.contains(pinned[need.name]), (python, str(need), pinned[need.name])


def test_every_pin_is_hashed_and_no_index_is_named():
    """The lock can be installed with --require-hashes, and says nothing of where packages come from."""
    blocks = [block for block in LOCK.split("\n") if "==" in block and not block.startswith(" ")]

    assert len(blocks) == len(list_pins(LOCK)) > 100
    assert all(block.endswith("\\") for block in blocks)
    assert "://" not in LOCK and "--index" not in LOCK and "--find-links" not in LOCK


def test_lock_without_a_visible_package_is_refused():
    """A lock that lost one of the six packages that readers meet is an error, not a shorter file."""
    with pytest.raises(RunError, match="nbval"):
        format_environment(LOCK.replace("\nnbval==", "\nnbvalue=="))
