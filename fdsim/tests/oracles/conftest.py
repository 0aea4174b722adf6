"""Fixtures around real daemons.

Tests that use them carry ``@pytest.mark.oracle``, and ``@pytest.mark.root`` where only root can do what they do.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from fdsim.oracles.errors import OracleMissing
from fdsim.oracles.installation import Installation, find_bacula15, find_bacula96
from fdsim.oracles.lab import Lab, running_lab

REQUIRE_VARIABLE = "FDSIM_REQUIRE_ORACLES"


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("root") and os.geteuid() != 0:
        pytest.skip("needs root")


@pytest.fixture(scope="session")
def obtained() -> Callable[[Callable[[], Installation]], Installation]:
    """What a function finds; the test is skipped where that is missing, or fails when oracles are required."""

    def obtain(find: Callable[[], Installation]) -> Installation:
        try:
            return find()
        except OracleMissing as error:
            refuse = pytest.fail if os.environ.get(REQUIRE_VARIABLE) else pytest.skip
            refuse(str(error))

    return obtain


@pytest.fixture(scope="session")
def bacula96(obtained: Callable[[Callable[[], Installation]], Installation]) -> Installation:
    return obtained(find_bacula96)


@pytest.fixture(scope="session")
def bacula15(obtained: Callable[[Callable[[], Installation]], Installation]) -> Installation:
    return obtained(find_bacula15)


@pytest.fixture(scope="session")
def start_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Lab]]:
    """``running_lab`` without a directory; what it starts lasts until the end of the session.

    For fixtures of module or session scope, as a lab takes three seconds to come and go.
    """
    with ExitStack() as labs:

        def start(installation: Installation, **settings: Any) -> Lab:
            return labs.enter_context(running_lab(tmp_path_factory.mktemp("lab"), installation, **settings))

        yield start
