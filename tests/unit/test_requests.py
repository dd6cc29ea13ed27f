"""What jobs ask a scheduler for: against hand-worked figures, and never less for more work."""

from __future__ import annotations

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from mlpstudy.config import resources
from mlpstudy.spec import Job, Spec

SPEC = Spec(
    nodes=(128, 64, 10), activation="relu", leaky_slope=0.3, loss="cross_entropy", kl="clipped",
    pixels="raw", optimizer="adam", learning_rate=1e-3, epochs=15, batch_size=32,
    validation="none", holdout_fraction=0.2, folds=5, kfold_pool="train", dropout=0.0,
    batch_norm=False,
)  # fmt: skip
WEIGHTS = 784 * 128 + 128 * 64 + 64 * 10


def job(last: int = 3, subset: tuple[int, int] | None = None, **fields: object) -> Job:
    return Job(
        condition="as_reported", model="m01", fold="all", first=1, last=last, seed=1, data="",
        subset=subset, code="", spec=dataclasses.replace(SPEC, **fields),
    )  # fmt: skip


def test_time_by_hand() -> None:
    # 15 epochs of 3 x 109,184 multiplications for each of 60,000 images: 295 s at 1e9 a second.
    assert resources.multiplications(job()) == 15 * 3 * WEIGHTS
    assert resources.minutes(job()) == 10 + 5
    assert resources.minutes(job(subset=(1000, 100))) == 10 + 1


def test_memory_by_hand() -> None:
    # 3 x 109,184 weights of 60 bytes: 19.7 MB.
    assert resources.megabytes(job()) == 1000 + 20
    assert resources.megabytes(job(), gpu=True) == 1000 + 20 + 4000


def test_what_a_short_job_is() -> None:
    assert resources.is_short(job())
    assert not resources.is_short(job(epochs=150))
    assert resources.is_short(job(epochs=150, subset=(1000, 100)))


@given(
    widths=st.lists(st.integers(1, 2048), min_size=1, max_size=6),
    epochs=st.integers(1, 500),
    replicates=st.integers(1, 64),
    images=st.none() | st.integers(1, 60_000),
)
def test_more_work_asks_for_no_less(
    widths: list[int], epochs: int, replicates: int, images: int | None
) -> None:
    subset = None if images is None else (images, 1)
    small = job(replicates, subset, nodes=(*widths, 10), epochs=epochs)
    for larger in (
        job(replicates + 1, subset, nodes=(*widths, 10), epochs=epochs),
        job(replicates, subset, nodes=(*widths, 10), epochs=epochs + 1),
        job(replicates, subset, nodes=(*widths, 16, 10), epochs=epochs),
        job(replicates, None, nodes=(*widths, 10), epochs=epochs),
    ):
        assert resources.minutes(larger) >= resources.minutes(small) > 0
        assert resources.megabytes(larger) >= resources.megabytes(small) > 0
