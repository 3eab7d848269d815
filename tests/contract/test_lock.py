"""One lock of exact versions serves every way of installing, on every machine."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCKS = {"requirements.lock": set(PROJECT["optional-dependencies"]) - {"verl"}, "requirements-verl.lock": {"verl"}}
"""Files of exact versions and the extras that each serves; verl excludes what the others need."""


def _declared(extras: set[str]) -> list[str]:
    """What an installation with these extras asks for; verl's leaves out what only the workflow needs."""
    return [*PROJECT["dependencies"], *(n for extra in sorted(extras) for n in PROJECT["optional-dependencies"][extra])]


DECLARED = [(lock, declared) for lock, extras in LOCKS.items() for declared in _declared(extras)]
every_lock = pytest.mark.parametrize("lock", LOCKS)


def text_of(lock: str) -> str:
    return (ROOT / lock).read_text(encoding="utf-8")


def pins(lock: str) -> list[str]:
    return [line for line in text_of(lock).splitlines() if line and not line.startswith("#")]


def locked_versions(lock: str) -> dict[str, Version]:
    return {canonicalize_name(name): Version(version) for name, version in (line.split("==") for line in pins(lock))}


@every_lock
def test_pins_are_names_and_public_versions(lock):
    """No addresses, paths, hashes, or local labels such as +cpu: each would tie the lock to a machine or an index."""
    assert pins(lock)
    assert [] == [pin for pin in pins(lock) if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*==[0-9][0-9a-z.]*", pin)]


@every_lock
def test_lock_names_no_address_or_option(lock):
    """Not even in its comments."""
    assert "://" not in text_of(lock)
    assert [] == [line for line in text_of(lock).splitlines() if line.startswith("-")]
    assert [] == re.findall(r"(?:index|find-links)[= ](?!-)\S+", text_of(lock))


@every_lock
def test_every_package_is_pinned_once(lock):
    """Two versions of a package cannot both be installed."""
    assert len(pins(lock)) == len(locked_versions(lock))


@pytest.mark.parametrize(("lock", "declared"), DECLARED)
def test_declared_dependency_is_locked(lock, declared):
    """The locked version satisfies what pyproject.toml asks for, in every extra."""
    requirement = Requirement(declared)
    assert locked_versions(lock)[canonicalize_name(requirement.name)] in requirement.specifier


def test_environment_installs_this_package_through_the_lock():
    """Conda users get the versions that `make` installs."""
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))

    assert "knapsack-rl" == environment["name"]
    (python,) = [entry for entry in environment["dependencies"] if str(entry).startswith("python=")]
    assert Version(python.removeprefix("python=")) in SpecifierSet(PROJECT["requires-python"])
    (pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert "-c requirements.lock" == pip[0]
    extras = Requirement(pip[1].replace("-e .", PROJECT["name"])).extras
    assert {"train", "analysis"} <= extras <= set(PROJECT["optional-dependencies"])


@pytest.mark.parametrize("file", ["Makefile", ".github/workflows/ci.yml"])
def test_every_installation_uses_the_lock(file):
    """A forgotten constraint would install whatever is newest that day."""
    installations = [line for line in (ROOT / file).read_text(encoding="utf-8").splitlines() if "pip install" in line]
    assert installations
    assert [] == [line for line in installations if not any(f"-c {lock}" in line for lock in LOCKS)]
