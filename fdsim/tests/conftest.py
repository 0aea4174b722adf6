"""What holds for all tests."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# How long an example takes says nothing on a machine that does other things as well; each test has a time-out.
settings.register_profile("fdsim", deadline=None)
settings.load_profile("fdsim")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("root") and os.geteuid() != 0:
        pytest.skip("needs root")
