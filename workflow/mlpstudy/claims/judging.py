"""The verdict on each claim under each condition: claims.csv."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from mlpstudy.analysis.conditions import Cell
from mlpstudy.analysis.contrasts import claims_of, contrast_id
from mlpstudy.analysis.schemas import CLAIMS, HISTORY, RUNS
from mlpstudy.analysis.statistics.families import holm, replicates_to_decide
from mlpstudy.claims.forms import Context, parts_of
from mlpstudy.claims.parts import LEVEL, Part, joined
from mlpstudy.claims.samples import Samples
from mlpstudy.config.claims import Claim, Claims
from mlpstudy.config.study import Study, load_study
from mlpstudy.files import write_csv

log = logging.getLogger(__name__)

SUPPORTED, CONTRADICTED, UNDECIDED = "supported", "contradicted", "undecided"

# The measures that contrasts.csv has as well.
CONTRASTED = ("shift", "mean_difference", "failure_difference")


@dataclass(frozen=True)
class Question:
    """A claim under one condition, or the `reason` why it cannot be judged."""

    claim: Claim
    condition: str
    reason: str = ""


def judge(study: Path, claims: Path | None, tables: Path, output: Path) -> None:
    """Write claims.csv.

    Args:
        study: the resolved study, study.json.
        claims: claims.json; None for no claims, which makes a table without rows.
        tables: folder of runs.csv and history.csv.
        output: the CSV.

    Raises:
        StudyError: a file is missing or is not what it should be.
    """
    plan = load_study(study)
    samples = Samples(RUNS.read(tables), HISTORY.read(tables), plan.medium)
    frame = verdicts(plan, claims_of(plan, claims), samples)
    for row in frame[frame["condition"] == ""].to_dict("records"):
        log.info("claim %s is not judged: %s", row["claim"], row["reason"])
    write_csv(frame, output)


def verdicts(study: Study, claims: Claims, samples: Samples) -> pd.DataFrame:
    """Return claims.csv: one row per claim and condition, in the order of both.

    A claim that can be judged under no condition has one row with an empty condition. All claims
    that are judged under one condition are one family for Holm's correction. The interval is at
    the level that the correction leaves for the claim, so it agrees with the verdict: it excludes
    the reference, or lies within ± the reference, where the claim is decided, and does not where it
    is undecided.
    """
    asked = [question for claim in claims for question in questions(study, claim)]
    rows: dict[int, dict[str, Any]] = {
        at: {"verdict": UNDECIDED, "reason": question.reason}
        for at, question in enumerate(asked)
        if question.reason
    }
    classes = {"medium": study.medium, "superior": study.superior}
    for condition in study.conditions:
        family = [at for at, question in enumerate(asked) if question.condition == condition]
        context = Context(samples, condition, study.margin, classes)
        judged = _judged([asked[at].claim for at in family], context, study.pairs)
        rows |= dict(zip(family, judged, strict=True))
    return CLAIMS.frame(_words(question) | rows[at] for at, question in enumerate(asked))


def _judged(
    claims: Sequence[Claim], context: Context, cells: Sequence[Cell]
) -> list[dict[str, Any]]:
    """Return the verdicts on the claims of one condition; `cells` are in the study's order."""
    found = [parts_of(claim, context) for claim in claims]
    whole = [joined(parts, number) for parts, number in found]
    corrected = holm([_p(part) for part in whole], LEVEL)
    return [
        {
            **_verdict(claim, part, float(p_holm), float(level), cells),
            **_counted(*parts, float(level)),
            "family": len(claims),
        }
        for claim, parts, part, p_holm, level in zip(
            claims, found, whole, corrected.adjusted, corrected.levels, strict=True
        )
    ]


def _p(part: Part) -> float:
    """Return the two-sided p: twice the smaller one-sided p."""
    return min(1.0, 2 * min(part.holds, part.fails))


def _verdict(
    claim: Claim, part: Part, p_holm: float, level: float, cells: Sequence[Cell]
) -> dict[str, Any]:
    held = part.holds <= part.fails
    decided = p_holm <= LEVEL
    effect = part.for_it if held else part.against_it
    interval = effect.interval(1 - level)
    contrasted = len(part.cells) == 2 and effect.measure in CONTRASTED
    return {
        "verdict": (SUPPORTED if held != claim.denied else CONTRADICTED) if decided else UNDECIDED,
        "measure": effect.measure,
        "effect": interval.estimate,
        "low": interval.low,
        "high": interval.high,
        "unit": effect.unit,
        "level": interval.level,
        "reference": effect.reference,
        "within": effect.within,
        # No run failed where equivalence is judged; this failure rate is still possible, at 95 %.
        "failure_bound": 1 - 0.05 ** (1 / part.n) if effect.within else float("nan"),
        "n": part.n,
        "p": _p(part),
        "p_holm": p_holm,
        "needed": float("nan") if decided else replicates_to_decide(_p(part), part.n, level),
        "contrast": contrast_id(*sorted(part.cells, key=cells.index)) if contrasted else "",
    }


def _counted(parts: Sequence[Part], number: int, level: float) -> dict[str, int]:
    """Count the parts: all, those that have to hold, those shown to hold and to fail at `level`."""
    return {
        "parts": len(parts),
        "required": number,
        "parts_for": sum(2 * part.holds <= level for part in parts),
        "parts_against": sum(2 * part.fails <= level for part in parts),
    }


def questions(study: Study, claim: Claim) -> Iterator[Question]:
    """Yield one question per condition to judge the claim under, or one with why it cannot be."""
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
    """Return why the claim cannot be judged under a condition; empty if it can."""
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
    """Return the columns that follow from the claim alone."""
    claim = question.claim
    own = ("section", "place", "quote", "statement", "form", "against")
    return {
        "claim": claim.name,
        **{name: getattr(claim, name) for name in own},
        "also": " | ".join(claim.also),
        "models": " ".join(claim.named),
        "condition": question.condition,
    }
