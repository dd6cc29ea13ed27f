"""A finished study as the repository keeps it: docs/results, and the README's table and picture.

Nothing here is typed: all is copied or rendered from a study's results, so that whoever reads the
repository can follow any number to its line in a CSV and to the specification of the run behind it.
Weights and predictions stay out: they are large, and the workflow makes them again.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

from mlpstudy.errors import StudyError
from mlpstudy.evidence.study_file import load_study
from mlpstudy.files import replacing, write_text
from mlpstudy.report.figure_index import INDEX, OVERVIEW, load_index
from mlpstudy.report.pages import environment, render
from mlpstudy.report.provenance import Provenance, load_provenance

BEGIN, END = "<!-- result:", "<!-- /result -->"
PUBLISHED = Path("docs/results")


def publish(results: Path, reported: Path, templates: Path, repository: Path) -> None:
    """Replace docs/results of `repository` by the study in `results`; renew the README's result.

    docs/results gets the tables as CSVs, study.json and each job's spec.json, the figures as SVG,
    the report in its forms, and a README that says what made them. On the page the runs' folders
    are those of the copy.

    Args:
        results: folder of a finished study, with its report.
        reported: the report's own values, values.csv.
        templates: folder of the Jinja2 templates.
        repository: folder with README.md and docs/; the working directory, so that links land.

    Raises:
        StudyError: the study is a trial run or not finished, or README.md lacks its markers.
    """
    study = load_study(_there(results / "study.json"))
    if study.trial:
        raise StudyError(f"{results}: a trial run is not published: run the whole study first")
    readme = _with_result(repository / "README.md", results / "report/tables/accuracy.md")
    provenance = load_provenance(results / "report/provenance.json")
    copy = repository / PUBLISHED
    fresh = copy.with_name(f".{copy.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        _copy(results, fresh)
        shutil.rmtree(copy, ignore_errors=True)
        fresh.rename(copy)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    report = copy / "report"
    render(
        copy / "study.json", reported, copy, copy / "figures", report / "provenance.json",
        templates, report,
    )  # fmt: skip
    write_text(copy / "README.md", _page(templates, copy, study.raw, provenance))
    with replacing(repository / "docs" / OVERVIEW) as temporary:
        shutil.copyfile(copy / "figures" / OVERVIEW, temporary)
    write_text(repository / "README.md", readme)


def _copy(results: Path, copy: Path) -> None:
    """Copy what is small, each file named by the study itself or by the index of the figures."""
    files = [(table, table.name) for table in sorted((results / "tables").glob("*.csv"))]
    for form in ("report/report.pdf", "report/provenance.json"):
        files.append((results / form, form))
    drawn = (f"{entry.name}.svg" for entry in load_index(results / "figures"))
    for name in dict.fromkeys([INDEX, OVERVIEW, *drawn]):
        files.append((results / "figures" / name, f"figures/{name}"))
    files.append((results / "study.json", "study.json"))
    for job in json.loads((results / "study.json").read_text(encoding="utf-8"))["jobs"]:
        files.append((results / job["folder"] / "spec.json", f"{job['folder']}/spec.json"))
    for source, name in files:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_there(source), copy / name)


def _page(templates: Path, copy: Path, study: dict[str, Any], provenance: Provenance) -> str:
    tables = sorted(path.name for path in copy.glob("*.csv"))
    template = environment(templates).get_template("markdown/published.md.j2")
    return template.render(study=study, provenance=provenance, tables=tables)


def _with_result(readme: Path, table: Path) -> str:
    """Return the README with the table of accuracies between its markers."""
    text, result = _read(readme), _read(table).strip()
    pattern = re.compile(rf"({re.escape(BEGIN)}[^\n]*\n).*?({re.escape(END)})", re.DOTALL)
    if not pattern.search(text):
        raise StudyError(f"{readme}: expected a line beginning {BEGIN} and after it {END}")
    return pattern.sub(lambda found: f"{found[1]}\n{result}\n\n{found[2]}", text)


def _there(path: Path) -> Path:
    if not path.is_file():
        raise StudyError(f"{path}: missing; publish a study that has run to its end")
    return path


def _read(path: Path) -> str:
    return _there(path).read_text(encoding="utf-8")
