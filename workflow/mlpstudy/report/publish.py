"""A finished study as the repository keeps it: docs/results, and the README's table and picture.

Everything is copied or rendered from the results of a study, so readers can follow each number to
its row in a CSV and to the specification of the run behind it. Weights and predictions are left
out, because they are large and the workflow can make them again.
"""

from __future__ import annotations

import io
import json
import lzma
import re
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from mlpstudy.analysis.results import Results, load_results
from mlpstudy.config.study import Study, load_study
from mlpstudy.errors import StudyError
from mlpstudy.figures.index import OVERVIEW, FigureIndex, load_index, write_index
from mlpstudy.files import replacing, write_text
from mlpstudy.report.content import report_context
from mlpstudy.report.document import markdown_environment, rendered
from mlpstudy.report.pages import render
from mlpstudy.report.provenance import Provenance, load_provenance

BEGIN, END = "<!-- result:", "<!-- /result -->"
PUBLISHED = Path("docs/results")

# What readers need rarely is one compressed file, which `republish` unpacks.
ARCHIVE = "archive.tar.xz"
TABLES = ("confusions.csv", "history.csv")  # the two largest; no page embeds their rows
RUNS = "runs"
PROVENANCE = "report/provenance.json"


def publish(results: Path, reported: Path, templates: Path, repository: Path) -> None:
    """Replace docs/results of `repository` by the study in `results`, and the README's result.

    docs/results gets the tables, study.json, the figures as SVG, the report in all its forms, an
    archive with the largest tables and each job's spec.json, and a README that says what made them.

    Args:
        results: folder of a finished study, with its report.
        reported: the report's own values, values.csv.
        templates: folder of the Jinja2 templates.
        repository: folder with README.md and docs/.

    Raises:
        StudyError: the study is a trial run or is not finished, or README.md lacks its markers.
    """
    study = load_study(there(results / "study.json"))
    if study.trial:
        raise StudyError(f"{results}: a trial run is not published: run the whole study first")
    with published(repository, reported, templates) as copy:
        _copy(results, copy)
        copy_runs(study, results, copy)


@contextmanager
def published(repository: Path, reported: Path, templates: Path) -> Iterator[Path]:
    """Give an empty folder for a study; it becomes docs/results when the block ends.

    The block fills in everything except the pages, the README of the folder and the result in the
    README of the repository, which are rendered here. If anything fails, nothing changes.

    Raises:
        StudyError: the study lacks a file, or README.md lacks its markers.
    """
    copy, readme = repository / PUBLISHED, repository / "README.md"
    before = _parts(readme)
    fresh = copy.with_name(f".{copy.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        fresh.mkdir(parents=True)
        yield fresh
        report = fresh / "report"
        render(
            fresh / "study.json", reported, fresh, fresh / "figures", report / "provenance.json",
            templates, report,
        )  # fmt: skip
        page = report / "index.html"
        write_text(page, linked_to_archive(_read(page)))
        pack(fresh)
        finished = load_results(fresh / "study.json", reported, fresh)
        origin = load_provenance(fresh / PROVENANCE)
        described, result = descriptions(finished, origin, templates)
        write_text(fresh / "README.md", described)
        there(fresh / "figures" / OVERVIEW)
        shutil.rmtree(copy, ignore_errors=True)
        fresh.rename(copy)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    with replacing(repository / "docs" / OVERVIEW) as temporary:
        shutil.copyfile(copy / "figures" / OVERVIEW, temporary)
    write_text(readme, f"{before[0]}\n{result}\n\n{before[1]}")


def copy_runs(study: Study, source: Path, copy: Path) -> None:
    """Write study.json into `copy`, with the spec.json of each of its jobs from `source`."""
    for job in study.jobs:
        copy_file(source / job.written / "spec.json", copy / job.written / "spec.json")
    document = json.dumps(study.to_dict(), indent=1, ensure_ascii=False)
    write_text(copy / "study.json", f"{document}\n")


def _copy(results: Path, copy: Path) -> None:
    """Copy the tables, the report's PDF and provenance, and the figures that their index lists."""
    for table in sorted((results / "tables").glob("*.csv")):
        copy_file(table, copy / table.name)
    for form in ("report/report.pdf", "report/supplement.pdf", "report/provenance.json"):
        copy_file(results / form, copy / form)
    figures = load_index(results / "figures")
    for entry in figures:
        copy_file(results / "figures" / entry.file, copy / "figures" / f"{entry.name}.svg")
    write_index(copy / "figures", [replace(entry, folder="") for entry in figures])


def copy_file(source: Path, target: Path) -> None:
    """Copy a file that must exist, and make the folder of `target`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(there(source), target)


def descriptions(results: Results, provenance: Provenance, templates: Path) -> tuple[str, str]:
    """Return the README of a published study, and what that of the repository shows of it.

    The latter is a short table, and what it comes from.
    """
    context = {
        **report_context(results, provenance, FigureIndex(()), results.folder),
        "tables": sorted(path.name for path in results.folder.glob("*.csv")),
        "archive": ARCHIVE,
    }
    jinja = markdown_environment(templates)
    result = rendered(jinja, "markdown/result.md.j2", context)
    return rendered(jinja, "markdown/published.md.j2", context), result.strip()


def _parts(readme: Path) -> tuple[str, str]:
    """Return the README up to the line that begins the result, and from the line that ends it."""
    pattern = rf"(.*?{re.escape(BEGIN)}[^\n]*\n).*?({re.escape(END)}.*)"
    found = re.fullmatch(pattern, _read(readme), re.DOTALL)
    if not found:
        raise StudyError(f"{readme}: expected a line beginning {BEGIN} and after it {END}")
    return found[1], found[2]


def there(path: Path) -> Path:
    """Return `path`.

    Raises:
        StudyError: it is not a file.
    """
    if not path.is_file():
        raise StudyError(f"{path}: missing; publish a study that has run to its end")
    return path


def _read(path: Path) -> str:
    return there(path).read_text(encoding="utf-8")


def pack(folder: Path) -> None:
    """Move the large tables and the run folders of a published study into its archive.

    The archive has the same bytes for the same files: members are sorted, and without times and
    owners.

    Raises:
        StudyError: a table is missing.
    """
    files = [*(folder / name for name in TABLES), *(folder / RUNS).rglob("*")]
    with (
        lzma.open(folder / ARCHIVE, "wb", preset=6 | lzma.PRESET_EXTREME) as compressed,
        tarfile.open(fileobj=compressed, mode="w") as archive,
    ):
        for path in sorted(path for path in files if not path.is_dir()):
            member = tarfile.TarInfo(path.relative_to(folder).as_posix())
            try:
                member.size = path.stat().st_size
                with path.open("rb") as content:
                    archive.addfile(member, content)
            except FileNotFoundError as error:
                raise StudyError(f"{path}: missing; it belongs to a published study") from error
    for name in TABLES:
        (folder / name).unlink()
    shutil.rmtree(folder / RUNS)


@contextmanager
def unpacked(folder: Path) -> Iterator[Path]:
    """Give a temporary folder with study.json, provenance, all tables and runs of `folder`.

    An error about a file in the temporary folder is raised again with the file's place in `folder`.

    Args:
        folder: a published study, docs/results.

    Raises:
        StudyError: the archive is missing or damaged.
    """
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name)
        try:
            with lzma.open(folder / ARCHIVE) as compressed:
                content = compressed.read()  # to the end, where its checksum is
            with tarfile.open(fileobj=io.BytesIO(content)) as archive:
                archive.extractall(copy, filter="data")
        except FileNotFoundError as error:
            raise StudyError(f"{folder / ARCHIVE}: missing; `publish` writes it") from error
        except (tarfile.TarError, lzma.LZMAError, EOFError) as error:
            raise StudyError(f"{folder / ARCHIVE}: expected a tar.xz archive: {error}") from error
        (copy / PROVENANCE).parent.mkdir(exist_ok=True)
        for path in [*folder.glob("*.csv"), *folder.glob("study.json"), *folder.glob(PROVENANCE)]:
            shutil.copyfile(path, copy / path.relative_to(folder))
        try:
            yield copy
        except StudyError as error:
            message = re.sub(
                rf"{re.escape(name)}/([^\s:]+)", lambda found: _place(folder, found[1]), str(error)
            )
            raise StudyError(message) from error


def _place(folder: Path, name: str) -> str:
    """Return where a file of an unpacked study is kept."""
    packed = name in TABLES or name.startswith(f"{RUNS}/")
    return str(folder / ARCHIVE / name if packed else folder / name)


def linked_to_archive(page: str) -> str:
    """Return an HTML page of report/ with its links to packed files leading to the archive."""
    packed = "|".join([*map(re.escape, TABLES), rf"{RUNS}/[^\"]+"])
    return re.sub(rf'href="\.\./({packed})"', rf'href="../{ARCHIVE}" title="\1 in {ARCHIVE}"', page)
