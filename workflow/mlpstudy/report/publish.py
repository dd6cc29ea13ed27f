"""The README's result: its table and picture, taken from a rendered report and never typed."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from mlpstudy.errors import StudyError
from mlpstudy.evidence.study_file import load_study
from mlpstudy.files import replacing, write_text

BEGIN, END = "<!-- result:", "<!-- /result -->"


def publish(study: Path, report: Path, figures: Path, readme: Path) -> None:
    """Put the table of accuracies between the markers of `readme`, and the overview beside it.

    The picture goes to docs/overview.svg beside the README.

    Raises:
        StudyError: the study is a trial run, or a marker or a file is missing.
    """
    if load_study(study).trial:
        raise StudyError(f"{study}: a trial run is not published: run the whole study first")
    table = _read(report / "tables" / "accuracy.md").strip()
    text = _read(readme)
    pattern = re.compile(rf"({re.escape(BEGIN)}[^\n]*\n).*?({re.escape(END)})", re.DOTALL)
    if not pattern.search(text):
        raise StudyError(f"{readme}: expected a line beginning {BEGIN} and after it {END}")
    write_text(readme, pattern.sub(lambda found: f"{found[1]}\n{table}\n\n{found[2]}", text))
    with replacing(readme.parent / "docs" / "overview.svg") as temporary:
        shutil.copyfile(figures / "overview.svg", temporary)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise StudyError(f"{path}: expected a rendered report here: {error.strerror}") from error
