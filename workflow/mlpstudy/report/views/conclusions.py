"""Section 5 of the pages: the report's four conclusions, each beside what the tables say of it.

Everything but the quotations is computed; the statistics that turn this into verdicts are
another module's.
"""

from __future__ import annotations

from dataclasses import dataclass

from mlpstudy.report.evidence import Evidence
from mlpstudy.report.formats import NONE, percent, share, word
from mlpstudy.report.layout import Cell, Column, Finding, Table
from mlpstudy.report.views.conclusion_findings import (
    Key,
    changed_classes,
    depths,
    groups_of,
    normalisation,
    rankings,
    shared_classes,
)
from mlpstudy.report.views.sources import lines_of


@dataclass(frozen=True)
class Conclusion:
    """One conclusion of the report, word for word, with our sentences and our table."""

    number: int
    quote: str
    findings: list[Finding]
    table: Table | None


def conclusions(evidence: Evidence) -> list[Conclusion]:
    """Return the report's four conclusions with what this study's tables say of each."""
    return [
        Conclusion(
            1,
            "No one hyperparameter is solely responsible for the performance of a model. All of "
            "them taken together were used for our analysis.",
            shared_classes(evidence) + changed_classes(evidence),
            _by(evidence, "Loss function", lambda row: word(row["loss_function"])),
        ),
        Conclusion(
            2,
            "Out of the activation functions used and our analysis for the given dataset, the "
            "performance is as follows: Leaky ReLU>ReLU>Sigmoid>Tanh. However, sigmoid and tanh "
            "perform well on the models as well.",
            rankings(evidence),
            _by(evidence, "Activation", lambda row: word(row["activation"])),
        ),
        Conclusion(
            3,
            "The models with a total number of layers <=5 seems to perform well on the given "
            "dataset (even without dropout or batch normalization to reduce the factors of "
            "variation) and 5 layers seems to be ideal. However, a model with 9 layers has "
            "consistently performed well too, but that is because dropout and batch normalization "
            "was used. This is an exception. Thus, more nodes and more layers don't necessarily "
            "mean a better model.",
            depths(evidence),
            _by(evidence, "Layers", lambda row: str(row["layers"]), numeric=True),
        ),
        Conclusion(
            4,
            "Normalizing the outputs of the hidden layer with Batch Normalisation enhanced the "
            "performance of the model to a great extent.",
            normalisation(evidence),
            None,
        ),
    ]


def _by(evidence: Evidence, label: str, key: Key, numeric: bool = False) -> Table:
    """Return a table with a row per group of models: best, median, failed replicates."""
    columns = [Column(label, numeric), Column("Models")]
    for condition in evidence.leading:
        columns += evidence.columns(condition, "best", "median", "failures, %")
    caption = (
        "Over all replicates of all models of a row: test accuracy, and failures, in per cent."
    )
    table = Table(caption, columns)
    by_condition = {c: groups_of(evidence, c, key) for c in evidence.leading}
    names = list(dict.fromkeys(n for groups in by_condition.values() for n in groups))
    for name in sorted(names, key=float) if numeric else names:
        models = {m for groups in by_condition.values() for m in groups.get(name, [])}
        cells: list[Cell | str] = []
        for condition, groups in by_condition.items():
            cells += _cells(evidence, condition, groups.get(name, []))
        chosen = [m for m in evidence.keys if m in models]
        source = lines_of("models.csv", evidence.models, model=chosen, condition=evidence.leading)
        table.add(name, str(len(models)), cells, sources=[source])
    return table


def _cells(evidence: Evidence, condition: str, models: list[str]) -> list[str]:
    if not models:
        return [NONE] * 3
    accuracy = evidence.runs(condition, models)["test_accuracy"]
    failed = (~(accuracy >= evidence.study.medium)).mean()
    return [percent(accuracy.max()), percent(accuracy.median()), share(failed)]
