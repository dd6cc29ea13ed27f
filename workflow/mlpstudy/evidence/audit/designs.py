"""Sentences on what the study as a whole can show: which settings vary, alone or together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations

from mlpstudy.evidence.audit.classes import class_of, lowest_class
from mlpstudy.evidence.audit.findings import Finding, showing
from mlpstudy.evidence.audit.losses import saturated
from mlpstudy.evidence.audit.printed import SETTINGS, Report
from mlpstudy.evidence.audit.quoting import KIND, text_finding
from mlpstudy.evidence.audit.readings import Reading, of_form
from mlpstudy.evidence.audit.wording import counted, listing, models, quantity, sentence
from mlpstudy.evidence.reported import CONCLUSIONS, DETAILS, EXPLANATION

# The words by which a sentence speaks of a setting.
MENTIONS = {
    "nodes": r"node|neuron|unit",
    "activation": r"activation|relu|sigmoid|tanh",
    "loss_function": r"loss function|divergence|entropy|\bkl\b",
    "optimizer": r"optimi[sz]er|\badam\b",
    "validation": r"fold|hold-?out",
    "epochs": r"epoch",
    "batched": r"in batches|batch size",
    "dropout": r"dropout",
    "batch_normalization": r"batch normali[sz]ation",
}


def alone(report: Report, name: str) -> list[tuple[str, str]]:
    """Return the pairs of models that differ in one setting and in nothing else."""
    return [
        (a, b) for a, b in combinations(report.described(), 2) if report.differing(a, b) == [name]
    ]


def varied(report: Report) -> list[str]:
    """Return the settings of which section 1 gives different values; silence is not one."""
    found = []
    for name, silence in SETTINGS.items():
        values = {report.setting(model, name) for model in report.accuracies()}
        if len(values - ({silence} if name == "optimizer" else set())) > 1:
            found.append(name)
    return found


def varied_alone(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find settings that never vary alone, so that their effect cannot be seen."""
    for reading in of_form(readings, "varied_alone"):
        pairs = {name: len(alone(report, name)) for name in varied(report)}
        hidden = [name for name, count in pairs.items() if not count]
        if not hidden:
            continue
        seen = [f"{quantity(name)} ({counted(n, 'pair')})" for name, n in pairs.items() if n]
        verb = "vary" if len(seen) > 1 else "varies"
        text = (
            f"Of {len(pairs)} settings that section 1 varies, {listing(seen) or 'none'} "
            f"{verb} alone in some pair of models; "
            f"{listing(map(quantity, hidden))} change only together with others. Read kindly, "
            "layers cannot vary without nodes."
        )
        yield text_finding(
            "varied_alone", [reading], [], [], text,
            "The effects that the report wants to see cannot be told apart by its design.",
            "settings",
        )  # fmt: skip


def no_contrast(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find settings used for their effect of which no pair of models shows the effect."""
    for reading in of_form(readings, "no_contrast"):
        name = reading.quantity
        value = report.setting(reading.models[0], name)
        having = [m for m in report.accuracies() if report.setting(m, name) == value]
        if reading.models[0] not in having or alone(report, name):
            continue
        text = (
            f"No two models differ in {quantity(name)} alone: {models(having)} have it, and none "
            "of the others is otherwise the same as one of them. Read kindly, a hope is no claim."
        )
        yield text_finding(
            "no_contrast", [reading], having, [report.find(m, name) for m in having], text,
            "Whether it helped or harmed cannot be said.", name,
        )  # fmt: skip


def all_discussed(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find settings that vary and that no sentence of the discussion speaks of."""
    spoken = [s for s in report.sentences.values() if s.section in (EXPLANATION, CONCLUSIONS)]
    text = " ".join(sentence.quote for sentence in spoken)
    places = f"section {listing(dict.fromkeys(s.section[0] for s in spoken), 'or')}"
    for reading in of_form(readings, "all_discussed") if spoken else []:
        silent = [n for n in varied(report) if not re.search(MENTIONS[n], text, re.IGNORECASE)]
        if not silent:
            continue
        one = len(silent) == 1
        verb, they, were = ("differs", "it", "it was") if one else ("differ", "them", "they were")
        explanation = (
            f"{sentence(listing(map(quantity, silent)))} {verb} between the models, and no "
            f"sentence of {places} speaks of {they}. Read kindly, {were} thought not to matter."
        )
        matters = "What is not looked at cannot be found to be the cause"
        stuck = _saturated_failures(report) if "loss_function" in silent else []
        if stuck:
            fail = "fails" if len(stuck) == 1 else "fail"
            matters += f"; the loss of {models(stuck)}, which {fail}, points to the loss function"
        yield text_finding(
            "all_discussed", [reading], [], [], explanation, f"{matters}.", "settings"
        )


def _saturated_failures(report: Report) -> list[str]:
    """Return the models of the lowest class whose loss gives no gradient any more."""
    stuck = [model for finding in saturated(report) for model in finding.models]
    return [model for model in stuck if class_of(report, model) == lowest_class(report) != ""]


def undiscussed(report: Report) -> Iterator[Finding]:
    """Find models of the lowest class of which the explanations print nothing."""
    lowest = lowest_class(report)
    low = [model for model in report.accuracies() if lowest and class_of(report, model) == lowest]
    spoken = {value.model for value in report.values if value.section == EXPLANATION}
    silent = [model for model in low if model not in spoken]
    if not silent or not spoken:
        return
    values = [report.find(m, name) for m in silent for name in ("test_accuracy", "class")]
    text = (
        f"Of {counted(len(low), 'model')} that are {lowest}, {len(silent)} are nowhere explained: "
        f"{models(silent)}, of {listing(str(len(report.nodes(m))) for m in silent)} layers. Read "
        "kindly, section 2 is about some of the models only."
    )
    yield Finding(
        KIND, "undiscussed", "-".join(silent), tuple(silent), "class",
        showing(value for value in values if value), text,
        "What is said of the failures leaves out those that it does not fit.",
    )  # fmt: skip


def number_of_models(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find a number of models that is not the number of those described."""
    described = [v for v in report.values if v.section == DETAILS and v.quantity == "report_name"]
    for reading in of_form(readings, "number_of_models"):
        if described and len(described) != reading.number:
            text = (
                f"{reading.printed} models are announced and {len(described)} described, each with "
                "its own numbers. Read kindly, one was added later and the aim left as it was."
            )
            found = text_finding(
                "number_of_models", [reading], [], [described[0], described[-1]], text,
                "Little: the aim and the report are of different states of the work.",
                "report_name",
            )  # fmt: skip
            yield Finding(**{**found.__dict__, "kind": "arithmetic"})
