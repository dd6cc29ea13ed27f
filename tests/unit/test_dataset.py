"""Prepared data is what the IDX files hold; anything else is refused in one line that names it."""

from __future__ import annotations

import hashlib
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hostile_case import no_room
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from idx_files import configure, idx_bytes, make_arrays, write_files
from numpy.typing import NDArray

from mlpstudy.data.dataset import digest, load, prepare, read_idx
from mlpstudy.errors import StudyError

Arrays = dict[str, NDArray[np.uint8]]
ARRAYS = make_arrays(train=6, test=4, side=3)


def contents_of(arrays: Arrays) -> dict[str, bytes]:
    return {role: idx_bytes(array) for role, array in arrays.items()}


CONTENTS = contents_of(ARRAYS)
CONFIGURED = configure(CONTENTS)


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    return write_files(tmp_path / "raw", CONTENTS)


@pytest.fixture
def prepared(tmp_path: Path, raw: Path) -> Path:
    prepare(raw, tmp_path / "prepared", CONFIGURED)
    return tmp_path / "prepared"


# The folder outlives an example; each one writes the file again.
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None
)
@given(
    array=npst.arrays(np.uint8, npst.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=6)),
    cut=st.integers(1, 1000),
)
def test_read_idx_returns_what_was_written_and_refuses_any_other_length(
    tmp_path: Path, array: NDArray[np.uint8], cut: int
) -> None:
    path, content = tmp_path / "data-idx", idx_bytes(array)
    path.write_bytes(content)
    decoded = read_idx(path)
    assert decoded.dtype == np.uint8
    np.testing.assert_array_equal(decoded, array)
    for wrong in (content[: -min(cut, len(content))], content + b"x"):
        path.write_bytes(wrong)
        with pytest.raises(StudyError, match="data-idx"):
            read_idx(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0\0\x08\x03",  # without its sizes
        b"\0\0\x08\0x",  # no dimension
        b"\0\0\x08\xff" + b"\0\0\0\x01" * 255 + b"x",  # more dimensions than numpy has
        b"\0\0\x08\x03" + b"\x80\0\0\0" * 2 + b"\0\0\0\x04",  # their product is 2**64
        b"\0\0\x08\x02" + b"\xff" * 8 + b"x",
        b"\0\0\x0d\x01\0\0\0\x01data",  # floats
    ],
)
def test_read_idx_refuses_other_files(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "data-idx"
    path.write_bytes(content)
    with pytest.raises(StudyError, match="data-idx: expected an"):
        read_idx(path)


def test_digest_depends_on_the_checksums_and_not_on_the_order() -> None:
    roles = ("test_images", "test_labels", "train_images", "train_labels")
    lines = (f"{role} {hashlib.sha256(CONTENTS[role]).hexdigest()}\n" for role in roles)
    assert digest(CONFIGURED) == hashlib.sha256("".join(lines).encode()).hexdigest()
    assert digest({"files": dict(reversed(CONFIGURED["files"].items()))}) == digest(CONFIGURED)


def test_prepared_data_is_the_images_in_order(prepared: Path) -> None:
    data = load(prepared)
    assert (data.name, data.train, data.test, data.height, data.width) == ("little", 6, 4, 3, 3)
    assert data.classes == ("bag", "coat", "shoe")
    assert data.digest == digest(CONFIGURED)
    images = np.concatenate([ARRAYS["train_images"], ARRAYS["test_images"]])
    labels = np.concatenate([ARRAYS["train_labels"], ARRAYS["test_labels"]])
    np.testing.assert_array_equal(data.images, images.reshape(10, 9))
    np.testing.assert_array_equal(data.labels, labels)
    # Jobs share the pages of the files.
    for array in (data.images, data.labels):
        assert isinstance(array, np.memmap)
        assert not array.flags.writeable


def test_preparing_twice_gives_the_same_bytes(tmp_path: Path, raw: Path, prepared: Path) -> None:
    prepare(raw, tmp_path / "again", CONFIGURED)
    names = sorted(path.name for path in prepared.iterdir())
    assert names == ["dataset.json", "images.npy", "labels.npy"]
    for name in names:
        assert (prepared / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ({"train_labels": ARRAYS["train_labels"][:-1]}, "train-labels.*: expected 6 labels"),
        ({"test_labels": ARRAYS["test_labels"] + 3}, "t10k-labels.*: holds the label .*3 classes"),
        ({"test_images": ARRAYS["test_images"][:, :2]}, r"t10k-images.* images of \(3, 3\)"),
        ({"train_images": ARRAYS["train_images"].reshape(6, 9)}, "train-images.* images as count"),
        (
            {"test_images": ARRAYS["test_images"][:0], "test_labels": ARRAYS["test_labels"][:0]},
            "t10k-images-idx3-ubyte: expected images as count",
        ),
    ],
)
def test_files_that_do_not_fit_each_other_are_refused(
    tmp_path: Path, edit: Arrays, said: str
) -> None:
    contents = contents_of({**ARRAYS, **edit})
    folder = write_files(tmp_path / "raw", contents)
    with pytest.raises(StudyError, match=said):
        prepare(folder, tmp_path / "prepared", configure(contents))
    assert not (tmp_path / "prepared").exists()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "{}", '{"name": "x", "train": "many"}', "\udcff"]
)
def test_load_refuses_another_description(prepared: Path, text: str) -> None:
    (prepared / "dataset.json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(StudyError, match=r"dataset\.json: expected the description"):
        load(prepared)


@pytest.mark.parametrize("array", [np.zeros((10, 9)), np.zeros((9, 9), np.uint8), None])
def test_load_refuses_arrays_that_the_description_does_not_fit(
    prepared: Path, array: NDArray[Any] | None
) -> None:
    path = prepared / "images.npy"
    if array is None:
        path.write_bytes(pickle.dumps({"images": [1, 2]}))
    else:
        np.save(path, array)
    description = json.loads((prepared / "dataset.json").read_text())
    description["sha256"]["images.npy"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (prepared / "dataset.json").write_text(json.dumps(description))
    with pytest.raises(StudyError, match=r"images\.npy: expected"):
        load(prepared)


# At 200 bytes, numpy.save to a file would lose the end of images.npy (218) without an error.
@pytest.mark.parametrize("size", [200, 100])
def test_a_full_disk_is_one_line_and_leaves_nothing_to_load(
    raw: Path, prepared: Path, size: int
) -> None:
    with no_room(size), pytest.raises(StudyError, match=r"prepared: cannot be written .File too"):
        prepare(raw, prepared, CONFIGURED)
    assert not [path for path in prepared.iterdir() if path.name.startswith(".")]
    with pytest.raises(StudyError, match=r"prepared.dataset\.json: .*No such file"):
        load(prepared)
    prepare(raw, prepared, CONFIGURED)
    assert load(prepared).train == 6
    (raw / "file").write_text("in the way")
    with pytest.raises(StudyError, match=r"file.prepared.*Not a directory"):
        prepare(raw, raw / "file" / "prepared", CONFIGURED)
