"""The same quantity in two places: rounded is well, cut and contradicted are findings."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from mlpstudy.evidence.audit.findings import Finding, showing
from mlpstudy.evidence.audit.precision import (
    CUT,
    ROUNDED,
    in_unit,
    relation,
    rounded,
    short,
    single_precision,
    whole_with_zeros,
)
from mlpstudy.evidence.audit.printed import Printed, Report
from mlpstudy.evidence.audit.versions import by_quantity, runs_apart
from mlpstudy.evidence.audit.wording import listing, models, quantity, times

KIND = "printed_twice"

# Why a contradiction matters, by what is contradicted; the last is for any other quantity.
MATTERS = {
    "layers": "The report compares models by their number of layers: with the other number, the "
    "model stands in another group.",
    "test_accuracy": "The accuracy decides the class and every comparison, and the tables take it "
    "from different runs.",
    "test_loss": "Loss and accuracy of one row should come from one run; two losses for one "
    "accuracy show that rows were put together from several.",
    "": "One is wrong, or they are of different runs, and the report does not say which.",
}


def printed_twice(report: Report) -> Iterator[Finding]:
    """Find every quantity of a model that is printed with different values."""
    for values in by_quantity(report):
        printed = [value for value in values if value.printed]
        if printed and not any(math.isnan(value.number) for value in printed):
            yield from _numbers(report, printed)
        elif len({value.value for value in printed}) > 1:
            yield _contradiction(report, printed, _first_of_each(printed))


def _first_of_each(values: Sequence[Printed]) -> list[Printed]:
    return list({value.value: value for value in reversed(values)}.values())[::-1]


def _numbers(report: Report, values: list[Printed]) -> Iterator[Finding]:
    """Give what one quantity's groups show: contradictions between them, cuts within them."""
    groups = runs_apart(values)
    exact = [group for group in groups if not group[0].approximate]
    if len(groups) > 1 and len(exact) < 2 and all(v.approximate for g in groups[1:] for v in g):
        yield _loose(groups)
    elif len(groups) > 1:
        yield _contradiction(report, values, [group[0] for group in groups])
    for number, group in enumerate(groups):
        shorter = [value for value in group[1:] if relation(group[0], value) == CUT]
        if shorter:
            yield _cut(report, group[0], shorter, "" if number == 0 else f"-{number + 1}")


def _finding(
    rule: str, values: Sequence[Printed], text: str, matters: str, end: str = ""
) -> Finding:
    first = values[0]
    key = f"{first.model}-{first.quantity}{end}"
    return Finding(KIND, rule, key, (first.model,), first.quantity, showing(values), text, matters)


def _contradiction(report: Report, values: list[Printed], best: list[Printed]) -> Finding:
    """Explain values that no rounding makes one, and what can be said in their favour."""
    name, model = quantity(best[0].quantity), models([best[0].model])
    apart = runs_apart(values) if not math.isnan(best[0].number) else [[v] for v in best]
    shown = [
        f"{short(group[0]) if group[0].decimals else group[0].printed} ({times(len(group))})"
        for group in apart
    ]
    text = (
        f"The {name} of {model} is printed as {listing(shown)}; neither rounding nor cutting makes "
        "one of the other."
    )
    text += _settled(report, best) or _favourable(best)
    return _finding("contradiction", values, text, MATTERS.get(best[0].quantity, MATTERS[""]))


def _settled(report: Report, best: list[Printed]) -> str:
    """Say which number of layers the list of nodes agrees with."""
    nodes = report.nodes(best[0].model)
    if best[0].quantity != "layers" or not nodes:
        return ""
    agrees = len(nodes) in [value.number for value in best]
    text = f" Its nodes, {'+'.join(map(str, nodes))}, are {len(nodes)} layers"
    return text + (", so the other number is the slip." if agrees else ": neither agrees.")


def _favourable(best: list[Printed]) -> str:
    """Give the most favourable reading that the digits allow; none for what is no number."""
    if math.isnan(best[0].number):
        return ""
    for value in best[1:]:
        whole = whole_with_zeros(best[0], value)
        if whole is not None:
            return (
                f" Read kindly, {value.printed} is {short(best[0])} shortened to {whole}, with a "
                "zero added."
            )
    if best[0].quantity in ("test_accuracy", "test_loss"):
        return " Read kindly, they are of different runs; the tables do not say so."
    return ""


def _cut(report: Report, precise: Printed, shorter: list[Printed], end: str) -> Finding:
    """Explain digits that were dropped where rounding would have changed the last one."""
    accuracy = precise.quantity == "test_accuracy"
    exact = single_precision(precise) if accuracy else in_unit(precise, shorter[0].unit)
    right = {value.decimals: str(min(rounded(exact, value.decimals))) for value in shorter}
    text = (
        f"The {quantity(precise.quantity)} of {models([precise.model])} is printed as "
        f"{listing(dict.fromkeys(value.printed for value in shorter))}. That is "
        f"{str(exact)[:9]}\N{HORIZONTAL ELLIPSIS} cut off; rounded it is "
        f"{listing(right[key] for key in sorted(right))}."
    )
    others = _rounded_up(report, precise)
    if others:
        text += f" The same quantity is rounded for {models(others)}."
    matters = (
        "Little by itself: it shows numbers shortened by hand, by two rules in one report, so that "
        "the last printed digit cannot be relied on."
    )
    return _finding("cut", [precise, *shorter], text, matters, end)


def _rounded_up(report: Report, precise: Printed) -> list[str]:
    """Return the other models of which a value is rounded where cutting would have differed."""
    found = []
    for values in by_quantity(report):
        if values[0].quantity != precise.quantity or values[0].model == precise.model:
            continue
        for best, *rest in runs_apart([value for value in values if value.printed]):
            exact = single_precision(best) if best.quantity == "test_accuracy" else None
            for value in rest:
                number = exact or in_unit(best, value.unit)
                if relation(best, value) == ROUNDED and in_unit(value, value.unit) > number:
                    found.append(best.model)
    return list(dict.fromkeys(found))


def _loose(groups: list[list[Printed]]) -> Finding:
    """Explain an approximate value that is not the rounding of another one."""
    (best, *_), (value, *_) = groups[:2]
    number = in_unit(best, value.unit)
    text = (
        f"{value.printed} for {models([best.model])} is elsewhere {best.printed}, which is "
        f"{number.normalize():f} {value.unit} and rounds to {min(rounded(number, value.decimals))}."
    )
    if round(number * 2) == in_unit(value, value.unit) * 2:
        text += " Read kindly, it is right to the nearest half."
    values = [value for group in groups for value in group]
    return _finding(
        "loose", values, text, "Little: it shows how far an approximate value may be off."
    )


def blank(report: Report) -> Iterator[Finding]:
    """Find labels with nothing behind them, where another place has the value."""
    found: dict[str, list[Printed]] = {}
    for value in report.values:
        if not value.printed and report.find(value.model, value.quantity) is not None:
            found.setdefault(value.quantity, []).append(value)
    for name, values in found.items():
        known = [v for v in (report.find(value.model, name) for value in values) if v is not None]
        keys = [model for model in report.models if model in {value.model for value in values}]
        numbers = listing(dict.fromkeys(value.printed for value in known))
        text = (
            f"In {len(values)} places ({models(keys)}) nothing stands behind the label of the "
            f"{quantity(name)}; elsewhere it is {numbers}. Read kindly, an oversight."
        )
        yield Finding(
            KIND, "blank", name, tuple(keys), name, showing([*values, *known]), text,
            "A reader of that section alone cannot compare the models by it.",
        )  # fmt: skip
