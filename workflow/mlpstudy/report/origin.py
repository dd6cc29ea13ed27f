"""The configuration of a report for readers, and a line for the foot of a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlpstudy.config.differences import Difference
from mlpstudy.config.study import Study
from mlpstudy.formats import NONE, count, date, names, plural, word
from mlpstudy.report.document import markdown_environment, rendered, tidied
from mlpstudy.report.provenance import Provenance, rendering

# Digits of a checksum that a line has room for; the table has them all.
SHORT = 10
SHORT_CODE = 12


@dataclass(frozen=True)
class Change:
    """A value of the study's configuration, and the repository's own; all are texts."""

    what: str
    was: str
    now: str


@dataclass(frozen=True)
class Configuration:
    """Which configuration the results belong to; `changes` is empty where it is the present one.

    `code` has the fingerprints of the code that trained the runs, `date` is when the results were
    first reported.
    """

    seed: int
    replicates: str
    code: str
    date: str
    changes: list[Change]


def configuration(study: Study, provenance: Provenance) -> Configuration:
    """Return which configuration the results belong to, and how the present one differs."""
    archive = provenance.get("archive")
    return Configuration(
        seed=study.seed,
        replicates=plural(study.replicates, "replicate"),
        code=", ".join(code[:SHORT_CODE] for code in provenance["code"]["runs"]),
        date=date(provenance["date"]),
        changes=[_change(study, each) for each in archive["differences"]] if archive else [],
    )


def configuration_text(found: Configuration, templates: Path) -> str:
    """Return in Markdown which configuration results belong to."""
    jinja = markdown_environment(templates)
    return tidied(rendered(jinja, "report/_configuration.md.j2", {"configuration": found}))


def _change(study: Study, found: Difference) -> Change:
    values = (_value(study, found["field"], found[key]) for key in ("was", "now"))
    return Change(_what(study, found), *values)


def _what(study: Study, found: Difference) -> str:
    """Return `optimizer of models 1 and 3`, `condition longer`, `epochs of condition longer`."""
    owner = names(study.model_labels(found["models"])) if found["models"] else ""
    if found["condition"]:
        owner = f"condition {study.condition_label(found['condition'])}"
    return " of ".join(part for part in (found["field"] and word(found["field"]), owner) if part)


def _value(study: Study, field: str, value: Any) -> str:
    if field == "models":
        return names(study.model_labels(value)) if value else NONE
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {count(number)}" for key, number in value.items())
    text = word(value)
    return text[:SHORT_CODE] if field in ("training code", "checksum of the data") else text


def stamp(provenance: Provenance) -> str:
    """Return one line for the foot of a page: date and commit."""
    repository = rendering(provenance)["repository"]
    commit = repository["commit"]
    text = f"commit {commit[:SHORT]}" if commit else f"commit unknown: {repository['problem']}"
    dirty = ", with uncommitted changes" if repository["dirty"] else ""
    return f"Rendered on {date(rendering(provenance)['date'])}; {text}{dirty}"
