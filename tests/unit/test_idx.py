"""IDX files decode to what was written; anything else is refused in one line that names it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from idx_files import idx_bytes
from numpy.typing import NDArray

from mlpstudy.data import dataset
from mlpstudy.errors import StudyError

ARRAYS = npst.arrays(np.uint8, npst.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=6))
# The folder outlives an example; each one writes the file anew.
each_example_rewrites = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@each_example_rewrites
@given(array=ARRAYS)
def test_read_idx_returns_what_was_written(tmp_path: Path, array: NDArray[np.uint8]) -> None:
    path = tmp_path / "data-idx"
    path.write_bytes(idx_bytes(array))
    decoded = dataset.read_idx(path)
    assert decoded.dtype == np.uint8
    np.testing.assert_array_equal(decoded, array)


@each_example_rewrites
@given(array=ARRAYS, cut=st.integers(1, 1000), extra=st.binary(min_size=1, max_size=5))
def test_read_idx_refuses_any_other_length(
    tmp_path: Path, array: NDArray[np.uint8], cut: int, extra: bytes
) -> None:
    path, content = tmp_path / "data-idx", idx_bytes(array)
    for wrong in (content[: -min(cut, len(content))], content + extra):
        path.write_bytes(wrong)
        with pytest.raises(StudyError, match="data-idx"):
            dataset.read_idx(path)


@each_example_rewrites
@given(
    head=st.sampled_from([b"", b"\0\0\x08", b"\0\0\x08\x01", b"\0\0\x08\x03", b"\0\0\x08\xff"]),
    sizes=st.lists(st.sampled_from([0, 1, 2, 2**31, 2**32 - 1]), max_size=4),
    tail=st.binary(max_size=40),
)
def test_read_idx_decodes_or_refuses_but_never_crashes(
    tmp_path: Path, head: bytes, sizes: list[int], tail: bytes
) -> None:
    path = tmp_path / "data-idx"
    content = head + b"".join(size.to_bytes(4, "big") for size in sizes) + tail
    path.write_bytes(content)
    try:
        decoded = dataset.read_idx(path)
    except StudyError:
        return
    assert idx_bytes(decoded) == content


def test_read_idx_refuses_more_dimensions_than_numpy_has(tmp_path: Path) -> None:
    path = tmp_path / "data-idx"
    path.write_bytes(b"\0\0\x08\xff" + (1).to_bytes(4, "big") * 255 + b"x")
    with pytest.raises(StudyError, match="data-idx"):
        dataset.read_idx(path)


def test_verify_accepts_the_right_content_only(tmp_path: Path) -> None:
    path = tmp_path / "abc"
    path.write_bytes(b"abc")
    # The example of FIPS 180-2, appendix B.1.
    right = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    dataset.verify(path, right)
    path.write_bytes(b"abd")
    with pytest.raises(StudyError, match=f"train-images .*abc.*{right}"):
        dataset.verify(path, right, "train-images")
    with pytest.raises(StudyError, match=r"missing.*No such file"):
        dataset.verify(tmp_path / "missing", right)
