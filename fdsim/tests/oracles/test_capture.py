"""Recording anew what is in fixtures/captures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fdsim.oracles.capture import record
from fdsim.oracles.capture_scenarios import SCENARIOS
from fdsim.oracles.errors import OracleError
from fdsim.oracles.installation import Installation


@pytest.mark.oracle
@pytest.mark.root
def test_one_scenario(bacula96: Installation, tmp_path: Path) -> None:
    scenario = next(scenario for scenario in SCENARIOS if scenario.name == "full-backup")
    record(bacula96, tmp_path / "captures", root=tmp_path / "root", scenarios=[scenario])
    assert not (tmp_path / "root").exists()
    assert sorted(path.name for path in (tmp_path / "captures").iterdir()) == [
        "full-backup.json",
        "full-backup.pcap",
        "full-backup.txt",
    ]
    about = json.loads((tmp_path / "captures/full-backup.json").read_text("utf-8"))
    assert about["version"] == bacula96.version
    assert about["connections"] == ["DIRECTOR", "STORAGE"]
    transcript = (tmp_path / "captures/full-backup.txt").read_text("ascii")
    assert transcript.startswith(f"# daemons: Bacula\n# version: {bacula96.version}\n# scenario: full-backup\n")
    assert "unknown" not in transcript
    assert "!!" not in transcript
    assert "3000 OK close Status = 84" in transcript


@pytest.mark.oracle
def test_directory_that_is_in_use(bacula96: Installation, tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root/precious").touch()
    with pytest.raises(OracleError, match="root is not empty"):
        record(bacula96, tmp_path / "captures", root=tmp_path / "root")
    assert (tmp_path / "root/precious").exists()
