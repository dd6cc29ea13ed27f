"""The top of the pages: what was done, and what came of it, in a few sentences."""

from __future__ import annotations

from mlpstudy.analysis.results import Results
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
from mlpstudy.report.by_condition import condition_finding
from mlpstudy.report.layout import Finding


def title(results: Results) -> str:
    """Return the title of the report."""
    reported, own = results.printed, len(results.models) - len(results.printed)
    models = plural(len(reported) or own, "reported model" if reported else "model")
    if reported and own:
        models += f" and {count(own)} more"
    times = results.study.replicates
    each = "trained" if len(results.models) == 1 else "each trained"
    again = "once" if times == 1 else f"{count(times)} times over"
    return f"{models} on {word(results.study.dataset.name)}, {each} {again}"


def done(results: Results) -> str:
    """Return in two sentences what was done."""
    study = results.study
    each = plural(study.replicates, "replicate")
    conditions = listing([quoted(study.condition_label(c)) for c in results.main])
    under = "condition" if len(results.main) == 1 else "conditions"
    others = len(results.conditions) - len(results.main)
    if others:
        conditions += f", and some of them under {plural(others, 'further condition')}"
    dataset = word(study.dataset.name)
    trainings = count(len(results.replicates))
    return (
        f"{plural(len(results.models), 'model')} were trained on {dataset} under the {under} "
        f"{conditions}, with {each} of each, {trainings} in all. A replicate has its own split, "
        "initial weights, order of images and dropout; a cross-validated model's is the mean of "
        "its folds."
    ).replace("1 model were", "1 model was")


def condition_list(results: Results) -> list[Finding]:
    """Return what each condition changes in the models as they are written."""
    found = []
    for condition in results.conditions:
        entry = results.study.conditions[condition]
        changes = [setting(name, value) for name, value in entry.overrides.items()]
        text = listing(changes) if changes else "the models as they are written"
        models = [model for model in results.models if (condition, model) in results.summaries]
        if len(models) < len(results.models):
            text += f"; {results.few(models)} only"
        found.append(condition_finding(results.study, condition, text + "."))
    return found


def answers(results: Results) -> list[Finding]:
    """Return the outcome under each condition."""
    return [
        condition_finding(results.study, condition, _answer(results, condition))
        for condition in results.conditions
    ]


def _answer(results: Results, condition: str) -> str:
    study = results.study
    rows = {m: row for (c, m), row in results.summaries.items() if c == condition}
    runs = results.replicates_of(condition, list(rows))
    accuracy = runs["test_accuracy"]
    failed = int((~(accuracy >= study.medium)).sum())
    limit = given_percent(study.medium)
    mostly = [m for m, row in rows.items() if 2 * row["failures"] > row["replicates"]]
    parts = [f"{failed} of {plural(len(accuracy), 'replicate')} failed (below {limit} %)"]
    if mostly:
        parts[0] += f", most of those of {results.few(mostly)}"
    if accuracy.notna().any():
        ordered = runs.dropna(subset="test_accuracy").sort_values("test_accuracy")
        low, high = (
            f"{percent(row['test_accuracy'])} % ({results.few([row['model']])})"
            for row in (ordered.iloc[0], ordered.iloc[-1])
        )
        parts.append(f"the lowest accuracy is {low}, the highest {high}")
    text = "; ".join(parts) + "."
    final = results.table("final_inference")
    final = final[final["condition"] == condition]
    printed = final[final["reported_class"] != ""]
    if len(printed):
        same = int((printed["reported_class"] == printed["class"]).sum())
        text += f" The report's class is found again for {same} of {len(printed)} models."
    return text


def trial_notice(results: Results) -> str:
    """Return what a trial run has to say of itself; empty for a study."""
    study = results.study
    if not study.trial:
        return ""
    subset = study.dataset.subset
    size = (
        f"{count(subset.train)} training and {count(subset.test)} test images. " if subset else ""
    )
    return f"Trial run: {size}These figures show that the workflow runs, nothing about the models."
