"""`make device-check`, as far as it goes without a GPU."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import torch
from pretend_gpu import CUDA, PretendDevice, pretend_cuda

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks import device_check  # noqa: E402

from mlpstudy.training.network import Block  # noqa: E402
from mlpstudy.training.recorded import RecordedSteps  # noqa: E402


@pytest.fixture
def check(tmp_path: Path) -> device_check.Check:
    return device_check.Check(tmp_path, 400, smoke=True)


def test_all_sections_run_on_a_cpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["device_check", "--smoke", "--output", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", arguments)
    assert device_check.main() == 0
    found = json.loads((tmp_path / "device-check.json").read_text())
    assert found["failed"] == found["skipped"] == []
    assert [row["depth"] for row in found["throughput"]] == [1, 3]
    assert all(row[tool] > 0 for row in found["throughput"] for tool in ("recorded", "launched"))
    assert "plain launched" in capsys.readouterr().out


def test_sections_on_the_pretend_gpu_find_what_is_wrong(
    check: device_check.Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "set_sync_debug_mode", lambda _: None)
    monkeypatch.setattr(device_check, "MODELS", {"m01": device_check.MODELS["m01"]})
    with pretend_cuda():
        check.device = CUDA
        device_check.determinism(check)
        assert check.found["failed"] == []
        step = RecordedSteps._step

        def standing_still(self: RecordedSteps, block: Block) -> None:
            step(self, block)
            if PretendDevice.current.graph is not None:
                self._columns.sub_(block.batches[0].rows)

        monkeypatch.setattr(RecordedSteps, "_step", standing_still)
        device_check.determinism(check)
    assert "m01: recorded steps differ" in check.found["failed"]
