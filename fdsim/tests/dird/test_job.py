"""Names and keys of jobs."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from fdsim.dird.job import session_key, unique_name


def test_unique_names() -> None:
    noon = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
    assert unique_name("Backup", noon, 3) == "Backup.2026-11-24_12.00.00_03"
    assert unique_name("-Console-", noon, 123) == "-Console-.2026-11-24_12.00.00_123"


def test_session_keys() -> None:
    keys = {session_key() for _ in range(100)}
    assert len(keys) == 100
    assert all(re.fullmatch("([A-P]{4}-){7}[A-P]{4}", key) for key in keys)
