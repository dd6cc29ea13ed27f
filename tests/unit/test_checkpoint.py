from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlpstudy.training import checkpoint as module
from mlpstudy.training.checkpoint import Checkpoint, Progress

VALUES: dict[str, Any] = {"steps": 12, "session": {"epoch": 3, "loss": [0.1, float("inf")]}}


def progress(fill: float = 1.5) -> Progress:
    generator = torch.Generator().manual_seed(0)
    tensors = {
        "network.parameters": torch.randn(50, generator=generator),
        "optimizer.first": torch.full((4, 3), fill, dtype=torch.float64),
    }
    return Progress(tensors, VALUES)


@pytest.fixture
def saved(tmp_path: Path) -> Checkpoint:
    checkpoint = Checkpoint(tmp_path / "deep" / ".replicates-1-3.checkpoint", "identity")
    checkpoint.save(progress())
    return checkpoint


def same(one: Progress | None, two: Progress) -> bool:
    return (
        one is not None
        and one.values == two.values
        and one.tensors.keys() == two.tensors.keys()
        and all(torch.equal(one.tensors[name], two.tensors[name]) for name in two.tensors)
    )


def test_round_trip(saved: Checkpoint) -> None:
    assert same(saved.load(), progress())
    assert same(Checkpoint(saved.path, "identity").load(), progress())
    saved.save(progress(2.5))
    assert same(saved.load(), progress(2.5))
    assert [path.name for path in saved.path.parent.iterdir()] == [saved.path.name]


def test_deleted_or_never_saved_there_is_none_and_nothing_is_said(
    saved: Checkpoint, caplog: pytest.LogCaptureFixture
) -> None:
    saved.delete()
    assert not saved.path.exists()
    assert saved.load() is None
    saved.delete()
    assert caplog.records == []


def test_another_identity_is_said_and_ignored(
    saved: Checkpoint, caplog: pytest.LogCaptureFixture
) -> None:
    assert Checkpoint(saved.path, "identity of other code").load() is None
    assert "is of another spec, data or code" in caplog.text
    assert saved.path.exists()


def assert_damage_is_said(checkpoint: Checkpoint, caplog: pytest.LogCaptureFixture) -> None:
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        assert checkpoint.load() is None
    (record,) = caplog.records
    assert "damaged" in record.getMessage() or "another spec" in record.getMessage()
    assert str(checkpoint.path) in record.getMessage()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"garbage",
        b"{}\n",
        b"[]\nrest",
        b"null\n",
        b'"text"\n',
        b"12\n",
        b'{"key": 1, "checksum": 2, "values": 3}\n',
        b'{"key": "k", "checksum": 0, "values": null}\nxx',
        b"\xff\xfe\x00\x01" * 40,
        b"[" * 100_000,
        bytes(4096),
    ],
    ids=lambda content: repr(content[:20]),
)
def test_garbage_is_said_and_ignored(
    content: bytes, saved: Checkpoint, caplog: pytest.LogCaptureFixture
) -> None:
    saved.path.write_bytes(content)
    assert_damage_is_said(saved, caplog)


FIXTURES = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@FIXTURES
@given(st.data())
def test_truncation_is_said_and_ignored(
    saved: Checkpoint, caplog: pytest.LogCaptureFixture, data: st.DataObject
) -> None:
    saved.save(progress())
    content = saved.path.read_bytes()
    saved.path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    assert_damage_is_said(saved, caplog)


@FIXTURES
@given(st.data())
def test_flipped_bits_are_said_and_ignored(
    saved: Checkpoint, caplog: pytest.LogCaptureFixture, data: st.DataObject
) -> None:
    saved.save(progress())
    content = bytearray(saved.path.read_bytes())
    header = content.index(b"\n") + 1
    body = st.integers(header, len(content) - 1)
    position = data.draw(st.one_of(st.integers(0, header - 1), body))
    content[position] ^= 1 << data.draw(st.integers(0, 7))
    saved.path.write_bytes(content)
    assert_damage_is_said(saved, caplog)


def test_failed_save_leaves_the_last_checkpoint(
    saved: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_: object) -> object:
        return object()  # no bytes: file.write raises after the header has been written

    monkeypatch.setattr("safetensors.torch.save", failing)
    monkeypatch.setattr(module, "_checksum", lambda *_: 0)
    with pytest.raises(TypeError):
        saved.save(progress(9.0))
    monkeypatch.undo()
    assert same(saved.load(), progress())
    assert [path.name for path in saved.path.parent.iterdir()] == [saved.path.name]


def test_numbers_come_back_as_they_were(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "c", "identity")
    numbers = [*np.random.default_rng(0).normal(size=200).tolist(), 5e-324, 1e308, -0.0]
    checkpoint.save(Progress({}, {"numbers": numbers, "nan": float("nan")}))
    loaded = checkpoint.load()
    assert loaded is not None
    assert list(map(repr, loaded.values["numbers"])) == list(map(repr, numbers))
    assert np.isnan(loaded.values["nan"])
