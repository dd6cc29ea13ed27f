"""The top of the pages: what was done, and what came of it, in a few sentences."""

from __future__ import annotations

from mlpstudy.formats import (
    count,
    given_percent,
    listing,
    percent,
    plural,
    quoted,
    setting,
    word,
)
from mlpstudy.report.evidence import Evidence
from mlpstudy.report.layout import Finding


def title(evidence: Evidence) -> str:
    """Return the title of the report."""
    reported, own = evidence.reported_models, len(evidence.keys) - len(evidence.reported_models)
    models = plural(len(reported) or own, "reported model" if reported else "model")
    if reported and own:
        models += f" and {count(own)} more"
    times = evidence.study.replicates
    each = "trained" if len(evidence.keys) == 1 else "each trained"
    again = "once" if times == 1 else f"{count(times)} times over"
    return f"{models} on {word(evidence.study.dataset.name)}, {each} {again}"


def done(evidence: Evidence) -> str:
    """Return in two sentences what was done."""
    study = evidence.study
    each = plural(study.replicates, "replicate")
    conditions = listing([quoted(study.condition_label(c)) for c in evidence.leading])
    under = "condition" if len(evidence.leading) == 1 else "conditions"
    others = len(evidence.conditions) - len(evidence.leading)
    if others:
        conditions += f", and some of them under {plural(others, 'further condition')}"
    dataset = word(study.dataset.name)
    trainings = count(len(evidence.replicates))
    return (
        f"{plural(len(evidence.keys), 'model')} were trained on {dataset} under the {under} "
        f"{conditions}, with {each} of each, {trainings} in all. A replicate has its own split, "
        "initial weights, order of images and dropout; a cross-validated model's is the mean of "
        "its folds."
    ).replace("1 model were", "1 model was")


def condition_list(evidence: Evidence) -> list[Finding]:
    """Return what each condition changes in the models as they are written."""
    found = []
    for condition in evidence.conditions:
        entry = evidence.study.conditions[condition]
        changes = [setting(name, value) for name, value in entry.overrides.items()]
        text = listing(changes) if changes else "the models as they are written"
        models = [model for model in evidence.keys if (condition, model) in evidence.rows]
        if len(models) < len(evidence.keys):
            text += f"; {evidence.names(models)} only"
        found.append(evidence.finding(condition, text + "."))
    return found


def answers(evidence: Evidence) -> list[Finding]:
    """Return the outcome under each condition."""
    return [
        evidence.finding(condition, _answer(evidence, condition))
        for condition in evidence.conditions
    ]


def _answer(evidence: Evidence, condition: str) -> str:
    study = evidence.study
    rows = {m: row for (c, m), row in evidence.rows.items() if c == condition}
    runs = evidence.runs(condition, list(rows))
    accuracy = runs["test_accuracy"]
    failed = int((~(accuracy >= study.medium)).sum())
    limit = given_percent(study.medium)
    mostly = [m for m, row in rows.items() if 2 * row["failures"] > row["replicates"]]
    parts = [f"{failed} of {plural(len(accuracy), 'replicate')} failed (below {limit} %)"]
    if mostly:
        parts[0] += f", most of those of {evidence.names(mostly)}"
    if accuracy.notna().any():
        ordered = runs.dropna(subset="test_accuracy").sort_values("test_accuracy")
        low, high = (
            f"{percent(row['test_accuracy'])} % ({evidence.names([row['model']])})"
            for row in (ordered.iloc[0], ordered.iloc[-1])
        )
        parts.append(f"the lowest accuracy is {low}, the highest {high}")
    text = "; ".join(parts) + "."
    final = evidence.final[evidence.final["condition"] == condition]
    printed = final[final["reported_class"] != ""]
    if len(printed):
        same = int((printed["reported_class"] == printed["class"]).sum())
        text += f" The report's class is found again for {same} of {len(printed)} models."
    return text


def trial_notice(evidence: Evidence) -> str:
    """Return what a trial run has to say of itself; empty for a study."""
    study = evidence.study
    if not study.trial:
        return ""
    subset = study.dataset.subset
    size = (
        f"{count(subset.train)} training and {count(subset.test)} test images. " if subset else ""
    )
    return f"Trial run: {size}These figures show that the workflow runs, nothing about the models."
