"""The provenance for readers: a table, a line for the foot of a page, and the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mlpstudy.config.differences import Difference
from mlpstudy.config.study import Study
from mlpstudy.formats import NONE, count, names, plural, seconds, word
from mlpstudy.report.layout import Column, Table
from mlpstudy.report.machine import Lock
from mlpstudy.report.provenance import Provenance, Training, rendering
from mlpstudy.report.repository import Commit

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
        date=readable_date(provenance["date"]),
        changes=[_change(study, each) for each in archive["differences"]] if archive else [],
    )


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


def provenance_table(provenance: Provenance) -> Table:
    """Return everything that provenance.json holds, a row a fact."""
    table = Table(
        "What made this report: as found when it was rendered; device and threads as the training "
        "jobs recorded them.",
        [Column("What", number=False), Column("Found", number=False)],
        title="Provenance",
    )
    machine, data = provenance["machine"], provenance["data"]
    again = provenance.get("archive")
    anew = [
        ("Rendered again", readable_date(again["date"])),
        ("Commit of that rendering", _commit(again["repository"])),
    ] if again else []  # fmt: skip
    for label, text in (
        ("Rendered", readable_date(provenance["date"])),
        ("Command", provenance["command"] or word(None)),
        ("Commit", _commit(provenance["repository"])),
        *anew,
        ("Training code", _code(provenance)),
        ("Data", f"{word(data['name'])}{_subset(data['subset'])}, SHA-256 {data['sha256']}"),
        ("Trained on", "; ".join(_training(group) for group in provenance["training"])),
        ("Rendered on", f"{machine['system']}; {machine['processor']}, {_cores(machine['cores'])}"),
        ("Versions", ", ".join(_version(*item) for item in provenance["versions"].items())),
        ("Lock", _lock(provenance["lock"])),
    ):
        table.add(label, text)
    return table


def stamp(provenance: Provenance) -> str:
    """Return one line for the foot of a page: date and commit."""
    repository = rendering(provenance)["repository"]
    commit = repository["commit"]
    text = f"commit {commit[:SHORT]}" if commit else f"commit unknown: {repository['problem']}"
    dirty = ", with uncommitted changes" if repository["dirty"] else ""
    return f"Rendered on {readable_date(rendering(provenance)['date'])}; {text}{dirty}"


def readable_date(text: str) -> str:
    """Return a date as people write it: 26 November 2026, 09:30 UTC."""
    date = datetime.fromisoformat(text)
    month = date.strftime("%B")
    return f"{date.day} {month} {date.year}, {date:%H:%M} UTC"


def _commit(repository: Commit) -> str:
    if repository["commit"] is None:
        return f"unknown: {repository['problem']}"
    if repository["dirty"] is None:
        return f"{repository['commit']}, that of the release archive"
    if not repository["dirty"]:
        return f"{repository['commit']}, with nothing changed since"
    return f"{repository['commit']}, with uncommitted changes in {_few(repository['changed'])}"


def _few(names: list[str], most: int = 3, noun: str = "file") -> str:
    """Name the first ones and count the others."""
    left = len(names) - most
    shown = ", ".join(names[:most])
    return f"{shown} and {plural(left, f'more {noun}')}" if left > 0 else shown


def _code(provenance: Provenance) -> str:
    code = provenance["code"]
    if code["same"]:
        return f"fingerprint {code['today']}; all runs were made with it"
    made = ", ".join(code["runs"])
    return f"fingerprint {code['today']} today; runs were made with another: {made}"


def _subset(subset: dict[str, int] | None) -> str:
    if not subset:
        return ""
    train, test = count(subset["train"]), count(subset["test"])
    return f" (the first {train} training and {test} test images)"


def _training(group: Training) -> str:
    device = {"cpu": "CPU", "cuda": "GPU"}.get(group["device"], group["device"])
    return (
        f"{device} with {plural(group['threads'], 'thread')} a job: "
        f"{plural(group['runs'], 'run')}, {seconds(group['seconds'])} of training"
    )


def _cores(number: int) -> str:
    return f"{plural(number, 'core')} usable"


def _version(name: str, version: str | None) -> str:
    shown = {"python": "Python", "torch": "PyTorch", "numpy": "NumPy", "scipy": "SciPy"}
    return f"{shown.get(name, name)} {version or 'not in this environment'}"


def _lock(lock: Lock) -> str:
    text = f"{lock['file']}, SHA-256 {lock['sha256']}"
    if not lock["departures"]:
        return f"{text}; all versions installed are those of the lock"
    lacking = [name for name, (_, installed) in lock["departures"].items() if installed is None]
    others = [
        f"{name} {installed} for {locked}"
        for name, (locked, installed) in lock["departures"].items()
        if installed is not None
    ]
    if others:
        text += f"; installed in other versions: {_few(others, 6, 'package')}"
    if lacking:
        text += f"; not in this environment: {_few(lacking, 6, 'package')}"
    return text
