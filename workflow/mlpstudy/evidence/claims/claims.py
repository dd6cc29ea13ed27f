"""Claims and tables → claims.csv: a verdict on each claim under each condition."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from mlpstudy.configuration.claims import Claim, Claims, read_claims
from mlpstudy.configuration.schema import SCHEMAS
from mlpstudy.evidence.claims.findings import LEVEL, UNDECIDED, Finding
from mlpstudy.evidence.claims.judges import JUDGES, Bench
from mlpstudy.evidence.claims.samples import Samples
from mlpstudy.evidence.collecting import COLUMNS as READ
from mlpstudy.evidence.collecting import read_table
from mlpstudy.evidence.statistics import holm
from mlpstudy.evidence.study_file import Study, load_study
from mlpstudy.files import write_csv

log = logging.getLogger(__name__)

COLUMNS = [
    "claim", "section", "place", "quote", "also", "statement", "form", "models", "condition",
    "against", "verdict", "effect", "low", "high", "unit", "n", "p", "family", "p_holm", "needed",
    "reason",
]  # fmt: skip
WHOLE = dict.fromkeys(["n", "family", "needed"], "Int64")


@dataclass(frozen=True)
class Question:
    """A claim asked under one condition; `reason` says why it cannot be, and is empty if it can."""

    claim: Claim
    condition: str
    reason: str = ""


def judge(study: Path, claims: Path | None, tables: Path, output: Path) -> None:
    """Write claims.csv.

    Args:
        study: the resolved study, study.json.
        claims: the claims file; None for no claims, which makes a table without rows.
        tables: folder of runs.csv and history.csv.
        output: the CSV.

    Raises:
        StudyError: a file is missing or is not what it should be.
    """
    plan = load_study(study)
    found = read_claims(claims, plan.models, plan.conditions, SCHEMAS).claims if claims else ()
    samples = Samples(
        read_table(tables / "runs.csv", READ["metrics"]),
        read_table(tables / "history.csv", READ["history"]),
    )
    frame = verdicts(plan, found, samples)
    for row in frame[frame["condition"] == ""].to_dict("records"):
        log.info("claim %s is not judged: %s", row["claim"], row["reason"])
    write_csv(frame, output)


def verdicts(study: Study, claims: Claims, samples: Samples) -> pd.DataFrame:
    """Return COLUMNS, a row a claim and condition, in the order of claims, then of conditions.

    A claim that no condition can be asked about has one row with an empty condition.
    """
    asked = [question for claim in claims for question in questions(study, claim)]
    rows: dict[int, dict[str, Any]] = {
        at: {"verdict": UNDECIDED, "reason": question.reason}
        for at, question in enumerate(asked)
        if question.reason
    }
    for condition in study.conditions:
        family = [at for at, question in enumerate(asked) if question.condition == condition]
        bench = _bench(study, samples, condition)
        found = weighed([finding(asked[at].claim, bench) for at in family])
        rows |= dict(zip(family, found, strict=True))
    frame = pd.DataFrame(
        [_words(question) | rows[at] for at, question in enumerate(asked)], columns=COLUMNS
    )
    return frame.astype(WHOLE)


def _bench(study: Study, samples: Samples, condition: str) -> Bench:
    classes = {"medium": study.medium, "superior": study.superior}
    return Bench(samples, condition, study.margin, classes)


def finding(claim: Claim, bench: Bench) -> Finding:
    """Return what the runs say of a claim, turned round where it denies what its form says."""
    found = JUDGES[claim.form](claim, bench)
    return found.turned() if claim.denied else found


def weighed(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Return the verdicts on the claims of one condition, which are one family, by Holm."""
    adjusted = holm([finding.p for finding in findings])
    return [
        _weighed(finding, float(p), len(findings))
        for finding, p in zip(findings, adjusted, strict=True)
    ]


def _weighed(finding: Finding, p_holm: float, family: int) -> dict[str, Any]:
    decided = p_holm <= LEVEL
    needed = math.nan if decided else finding.needed(LEVEL, family)
    effect = finding.effect
    return {
        "verdict": finding.side if decided else UNDECIDED,
        "effect": effect.estimate,
        "low": effect.low,
        "high": effect.high,
        "unit": finding.unit,
        "n": finding.n,
        "p": finding.p,
        "family": family,
        "p_holm": p_holm,
        "needed": needed,
        "reason": finding.fact if decided else _open(finding, needed),
    }


def _open(finding: Finding, needed: float) -> str:
    """Say what leaves a claim undecided."""
    if not finding.n:
        return finding.fact
    few = finding.smallest_p > LEVEL
    text = f"{finding.fact} here, which "
    text += "so few runs cannot decide" if few else "does not decide it"
    return f"{text}, nor say how many would" if math.isnan(needed) else text


def questions(study: Study, claim: Claim) -> Iterator[Question]:
    """Yield the claim under each condition that it is asked under, or why it cannot be."""
    lacking = [model for model in claim.named if model not in study.models]
    if claim.form == "untestable":
        yield Question(claim, "", claim.reason)
    elif lacking:
        yield Question(claim, "", f"the study has no model {lacking[0]}")
    elif claim.conditions:
        for condition in claim.conditions:
            why = _missing(study, claim, condition)
            yield Question(claim, "" if why else condition, why)
    else:
        lacks = {name: _missing(study, claim, name) for name in study.conditions}
        yield from (Question(claim, condition) for condition, why in lacks.items() if not why)
        if all(lacks.values()):
            alike = len(set(lacks.values())) == 1
            why = f"no condition trains all of {', '.join(claim.named)}"
            yield Question(claim, "", next(iter(lacks.values())) if alike else why)


def _missing(study: Study, claim: Claim, condition: str) -> str:
    """Say what keeps a condition from being asked: it, or a model under it, is not there."""
    other = claim.against or condition
    for name, models in ((condition, claim.named), (other, claim.than)):
        if claim.against and name == condition:
            models = claim.models
        if name not in study.conditions:
            return f"the study has no condition {name}"
        untrained = [model for model in models if model not in study.conditions[name].models]
        if untrained:
            return f"condition {name} does not train {untrained[0]}"
        blind = [model for model in models if study.fields(name, model)["validation"] == "none"]
        if blind and any(quantity.startswith("validation") for quantity in claim.quantities):
            return f"{blind[0]} has no validation"
    return ""


def _words(question: Question) -> dict[str, Any]:
    """Return the columns that a claim itself fills, whatever becomes of it."""
    claim = question.claim
    own = ("section", "place", "quote", "statement", "form", "against")
    return {
        "claim": claim.name,
        **{name: getattr(claim, name) for name in own},
        "also": " | ".join(claim.also),
        "models": " ".join(claim.named),
        "condition": question.condition,
    }
