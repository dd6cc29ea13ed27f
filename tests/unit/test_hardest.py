"""hardest.csv: the images on whose wrong class most replicates agree."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from study_fixture import REPORTED, make_study

from mlpstudy.analysis.hardest import HARDEST_COLUMNS, LISTED, hardest_rows
from mlpstudy.analysis.predictions import Predictions
from mlpstudy.analysis.tables import read_table, tabulate

NAMES = ["bag", "coat", "shoe"]
answer_tables = st.integers(1, 5).flatmap(
    lambda n: st.lists(st.tuples(*[st.integers(0, 2)] * (n + 1)), min_size=1, max_size=30)
)


def answers(rows: list[tuple[int, ...]]) -> Predictions:
    """Rows of images: the true class, then what each replicate gives."""
    table = np.array(rows, dtype=np.uint8)
    return Predictions(
        np.arange(1, table.shape[1]), table[:, 0], table[:, 1:].T, 500 + np.arange(len(table))
    )


def found(
    rows: list[tuple[int, ...]], learned: list[bool] | None = None
) -> list[dict[str, object]]:
    predictions = answers(rows)
    flags = np.array(learned or [True] * len(predictions.replicates))
    return list(hardest_rows(("c", "m"), predictions, flags, NAMES))


def test_by_hand() -> None:
    rows = found([(0, 1, 1, 1), (1, 1, 1, 1), (2, 0, 0, 2), (0, 2, 1, 2), (0, 1, 1, 1)])
    assert [list(row) for row in rows] == [HARDEST_COLUMNS] * 4
    keys = ("image", "predicted", "agreeing", "share")
    assert [tuple(row[key] for key in keys) for row in rows] == [
        (500, "coat", 3, 1.0), (504, "coat", 3, 1.0), (502, "bag", 2, 2 / 3),
        (503, "shoe", 2, 2 / 3),
    ]  # fmt: skip


def test_different_mistakes_come_first_the_commonest_of_them_before_the_others() -> None:
    rows = found([(0, 1, 1), (1, 0, 0), (1, 0, 0), (0, 1, 1), (1, 0, 0)])
    assert [row["image"] for row in rows] == [501, 500, 502, 503, 504]


def test_replicates_that_failed_are_not_asked() -> None:
    (row,) = found([(0, 1, 2, 2), (1, 1, 2, 2)], [True, False, False])
    assert (row["image"], row["predicted"], row["agreeing"], row["replicates"]) == (
        500,
        "coat",
        1,
        1,
    )
    assert found([(0, 1)], [False]) == []


@given(answer_tables)
def test_as_counted_one_image_at_a_time(rows: list[tuple[int, ...]]) -> None:
    expected = {}
    for at, (true, *given_) in enumerate(rows):
        wrong = Counter(answer for answer in given_ if answer != true)
        if wrong:
            expected[500 + at] = max(wrong.values())
    listed = found(rows)
    assert len(listed) == min(len(expected), LISTED)
    assert [row["agreeing"] for row in listed] == sorted(expected.values(), reverse=True)[:LISTED]
    assert all(expected[row["image"]] == row["agreeing"] for row in listed)  # type: ignore[index]
    assert [row["rank"] for row in listed] == list(range(1, len(listed) + 1))


def test_the_table_of_a_study(tmp_path: Path) -> None:
    def outcome(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
        return (0.9 if condition == "corrected" else 0.1), 0.5

    paths = make_study(tmp_path, {"m04": {}}, outcome)
    tabulate(paths.study, REPORTED, paths.tables)
    table = read_table(paths.tables / "hardest.csv", HARDEST_COLUMNS)
    # Of 100 images the last ten are wrong in every replicate, one of each class; see the fixture.
    assert set(table["condition"]) == {"corrected"}
    assert sorted(table["image"]) == list(range(90, 100))
    assert (table["agreeing"] == 3).all()
