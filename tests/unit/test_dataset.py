"""Prepared data is what the IDX files hold; anything else is refused in one line that names it."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from idx_files import NAMES, configure, idx_bytes, make_arrays, write_files
from numpy.typing import NDArray

from mlpstudy.data import dataset
from mlpstudy.errors import StudyError


def contents_of(arrays: dict[str, NDArray[np.uint8]]) -> dict[str, bytes]:
    return {role: idx_bytes(array) for role, array in arrays.items()}


@pytest.fixture
def contents() -> dict[str, bytes]:
    return contents_of(make_arrays(train=6, test=4, side=3))


@pytest.fixture
def prepared(tmp_path: Path, contents: dict[str, bytes]) -> Path:
    raw = write_files(tmp_path / "raw", contents)
    dataset.prepare(raw, tmp_path / "prepared", configure(contents))
    return tmp_path / "prepared"


def test_digest_depends_on_the_checksums_and_not_on_the_order(contents: dict[str, bytes]) -> None:
    configured = configure(contents)
    lines = "".join(
        f"{role} {hashlib.sha256(contents[role]).hexdigest()}\n"
        for role in ("test_images", "test_labels", "train_images", "train_labels")
    )
    assert dataset.digest(configured) == hashlib.sha256(lines.encode()).hexdigest()
    turned = {"files": dict(reversed(configured["files"].items()))}
    assert dataset.digest(turned) == dataset.digest(configured)
    swapped = configure({**contents, "train_images": contents["test_images"]})
    assert dataset.digest(swapped) != dataset.digest(configured)


def test_prepared_data_is_the_images_in_order(prepared: Path, contents: dict[str, bytes]) -> None:
    arrays = make_arrays(train=6, test=4, side=3)
    data = dataset.load(prepared)
    assert (data.name, data.train, data.test, data.height, data.width) == ("little", 6, 4, 3, 3)
    assert data.classes == ("bag", "coat", "shoe")
    assert data.digest == dataset.digest(configure(contents))
    assert data.images.shape == (10, 9)
    np.testing.assert_array_equal(data.images[2].reshape(3, 3), arrays["train_images"][2])
    np.testing.assert_array_equal(data.images[7].reshape(3, 3), arrays["test_images"][1])
    np.testing.assert_array_equal(data.labels[:6], arrays["train_labels"])
    np.testing.assert_array_equal(data.labels[6:], arrays["test_labels"])


def test_loaded_arrays_are_mapped_and_read_only(prepared: Path) -> None:
    data = dataset.load(prepared)
    assert isinstance(data.images, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        data.images[0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        data.labels[0] = 1


def test_preparing_twice_gives_the_same_bytes(
    tmp_path: Path, prepared: Path, contents: dict[str, bytes]
) -> None:
    dataset.prepare(tmp_path / "raw", tmp_path / "again", configure(contents))
    assert sorted(path.name for path in prepared.iterdir()) == [
        "dataset.json",
        "images.npy",
        "labels.npy",
    ]
    for path in prepared.iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


def test_indices_follow_the_subset(prepared: Path) -> None:
    data = dataset.load(prepared)
    assert data.train_indices().tolist() == [0, 1, 2, 3, 4, 5]
    assert data.test_indices().tolist() == [6, 7, 8, 9]
    subset = {"train": 2, "test": 3}
    assert data.train_indices(subset).tolist() == [0, 1]
    assert data.test_indices(subset).tolist() == [6, 7, 8]
    with pytest.raises(StudyError, match=r"dataset\.subset\.train: .*1 to 6, got 7"):
        data.train_indices({"train": 7, "test": 1})
    with pytest.raises(StudyError, match=r"dataset\.subset\.test: .*1 to 4, got 0"):
        data.test_indices({"train": 1, "test": 0})


Edit = Callable[[dict[str, NDArray[np.uint8]]], None]


def _labels_cut(arrays: dict[str, NDArray[np.uint8]]) -> None:
    arrays["train_labels"] = arrays["train_labels"][:-1]


def _label_without_name(arrays: dict[str, NDArray[np.uint8]]) -> None:
    arrays["test_labels"][1] = 3


def _other_size(arrays: dict[str, NDArray[np.uint8]]) -> None:
    arrays["test_images"] = arrays["test_images"][:, :2]


def _flat_images(arrays: dict[str, NDArray[np.uint8]]) -> None:
    arrays["train_images"] = arrays["train_images"].reshape(6, 9)


def _no_images(arrays: dict[str, NDArray[np.uint8]]) -> None:
    arrays["test_images"] = arrays["test_images"][:0]
    arrays["test_labels"] = arrays["test_labels"][:0]


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (_labels_cut, "train-labels-idx1-ubyte: expected 6 labels"),
        (_label_without_name, "t10k-labels-idx1-ubyte: holds the label 3, .*3 classes"),
        (_other_size, r"t10k-images-idx3-ubyte: expected images of \(3, 3\)"),
        (_flat_images, "train-images-idx3-ubyte: expected images as count"),
        (_no_images, "t10k-images-idx3-ubyte: expected images as count"),
    ],
)
def test_files_that_do_not_fit_each_other_are_refused(
    tmp_path: Path, edit: Edit, said: str
) -> None:
    arrays = make_arrays(train=6, test=4, side=3)
    edit(arrays)
    contents = contents_of(arrays)
    raw = write_files(tmp_path / "raw", contents)
    with pytest.raises(StudyError, match=said):
        dataset.prepare(raw, tmp_path / "prepared", configure(contents))
    assert not (tmp_path / "prepared").exists()


def _flip(path: Path, at: int = -1) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 0x10
    path.write_bytes(content)


@pytest.mark.parametrize("role", NAMES)
@pytest.mark.parametrize("harm", ["flipped", "truncated", "empty", "missing", "swapped"])
def test_raw_files_are_verified_again(
    tmp_path: Path, contents: dict[str, bytes], role: str, harm: str
) -> None:
    raw = write_files(tmp_path / "raw", contents)
    path = raw / NAMES[role]
    if harm == "flipped":
        _flip(path)
    elif harm == "missing":
        path.unlink()
    else:
        other = {"truncated": contents[role][:-3], "empty": b""}.get(harm)
        others = {"train": "test", "test": "train"}
        part, _, kind = role.partition("_")
        path.write_bytes(contents[f"{others[part]}_{kind}"] if other is None else other)
    with pytest.raises(StudyError, match=path.name) as raised:
        dataset.prepare(raw, tmp_path / "prepared", configure(contents))
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "prepared").exists()


def _replace_with_pickle(path: Path) -> None:
    path.write_bytes(pickle.dumps({"images": [1, 2]}))


def _replace_with_other_array(path: Path) -> None:
    np.save(path, np.zeros((2, 3)))


HARMS: dict[str, Callable[[Path], None]] = {
    "missing": Path.unlink,
    "empty": lambda path: os.truncate(path, 0),
    "truncated": lambda path: os.truncate(path, path.stat().st_size - 4),
    "flipped": _flip,
    "flipped header": lambda path: _flip(path, 20),
    "pickle": _replace_with_pickle,
    "another array": _replace_with_other_array,
}


@pytest.mark.parametrize("file", ["images.npy", "labels.npy"])
@pytest.mark.parametrize("harm", HARMS)
def test_load_refuses_harmed_arrays(prepared: Path, file: str, harm: str) -> None:
    HARMS[harm](prepared / file)
    with pytest.raises(StudyError, match=file):
        dataset.load(prepared)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "{}", '{"name": "x", "train": "many"}', "\udcff"]
)
def test_load_refuses_another_description(prepared: Path, text: str) -> None:
    (prepared / "dataset.json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(StudyError, match=r"dataset\.json: expected the description"):
        dataset.load(prepared)


@pytest.mark.parametrize("array", [np.zeros((10, 9)), np.zeros((9, 9), np.uint8), None])
def test_load_refuses_arrays_that_the_description_does_not_fit(
    prepared: Path, array: NDArray[Any] | None
) -> None:
    path = prepared / "images.npy"
    if array is None:
        _replace_with_pickle(path)
    else:
        np.save(path, array)
    description = json.loads((prepared / "dataset.json").read_text())
    description["sha256"]["images.npy"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (prepared / "dataset.json").write_text(json.dumps(description))
    with pytest.raises(StudyError, match=r"images\.npy: expected"):
        dataset.load(prepared)


def test_load_refuses_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"nowhere.dataset\.json.*No such file"):
        dataset.load(tmp_path / "nowhere")


# numpy.save would lose the end of images.npy (218 bytes) without a word at the first two.
@pytest.mark.parametrize("room", [200, 217, 100])
def test_a_full_disk_is_said_and_leaves_nothing_to_load(
    tmp_path: Path, prepared: Path, contents: dict[str, bytes], room: int
) -> None:
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, limit[1]))
    try:
        with pytest.raises(StudyError, match=r"prepared: cannot be written .File too large"):
            dataset.prepare(tmp_path / "raw", prepared, configure(contents))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert not [path for path in prepared.iterdir() if path.name.startswith(".")]
    with pytest.raises(StudyError, match=r"dataset\.json"):
        dataset.load(prepared)
    dataset.prepare(tmp_path / "raw", prepared, configure(contents))
    assert dataset.load(prepared).train == 6


def test_a_destination_that_cannot_be_made_is_one_line(
    tmp_path: Path, contents: dict[str, bytes]
) -> None:
    raw = write_files(tmp_path / "raw", contents)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StudyError, match=r"file.prepared.*Not a directory"):
        dataset.prepare(raw, tmp_path / "file" / "prepared", configure(contents))
