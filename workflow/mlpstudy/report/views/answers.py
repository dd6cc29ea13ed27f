"""The first screen's answer in three parts: what fails and why, what mends it, what then stands."""

from __future__ import annotations

from dataclasses import dataclass

from mlpstudy.analysis.results import Results
from mlpstudy.formats import (
    count,
    given_percent,
    heading,
    listing,
    plural,
    setting,
    under,
    word,
)
from mlpstudy.report.views.claims import tally
from mlpstudy.report.views.saturation import share_range

STATES = ("supported", "contradicted", "undecided")


@dataclass(frozen=True)
class Answer:
    """One part: a figure to see at once, what it counts, a sentence, and where to read on."""

    figure: str
    label: str
    text: str
    href: str
    more: str


def three_answers(results: Results) -> list[Answer]:
    """Return the answer in three parts, or fewer where the study has only one condition."""
    return [*_failing(results), *_mended(results), *_standing(results)]


def _failing(results: Results) -> list[Answer]:
    """Say how many replicates fail as the study's first condition has it, whose, and why."""
    base = results.main[0]
    failed, total = results.failures(base, results.models)
    limit = given_percent(results.study.medium)
    label = f"replicates fail {_under(results, base)}"
    if not failed:
        text = f"All of them reach a test accuracy of {limit} % or more."
    else:
        text = f"They end below {limit} % test accuracy. "
        text += _whose(results, base) + _why(results, base)
    link = ("#cause", "The cause") if results.has("causes") else ("#models", "Every model")
    return [Answer(f"{count(failed)} of {count(total)}", label, text.strip(), *link)]


def _under(results: Results, condition: str) -> str:
    return under(results.study.condition_label(condition))


def _whose(results: Results, condition: str) -> str:
    """Name the models that fail mostly and at times."""
    rows = {
        m: results.summaries[condition, m]
        for m in results.models
        if (condition, m) in results.summaries
    }
    mostly = [m for m, row in rows.items() if 2 * row["failures"] > row["replicates"]]
    at_times = [m for m, row in rows.items() if row["failures"] and m not in mostly]
    parts = []
    if mostly:
        whose = results.few(mostly, opening=True)
        parts.append(f"{whose} {_fail(mostly)} more often than not")
    if at_times:
        whose = results.few(at_times, opening=not mostly)
        parts.append(f"{whose} {_fail(at_times)} at times")
    return f"{listing(parts)}. "


def _fail(models: list[str]) -> str:
    return "fails" if len(models) == 1 else "fail"


def _why(results: Results, condition: str) -> str:
    """Say which failures the loss without a gradient explains, and which it does not."""
    if not results.has("causes"):
        return ""
    causes = results.table("causes")
    rows = causes[(causes["condition"] == condition) & (causes["failures"] > 0)]
    rows = rows[rows["kl"] == "clipped"]
    text = ""
    if len(rows):
        failed = int(rows["failures"].sum())
        text = f"{count(failed)} of the failures are of models with clipped KL divergence. "
        stuck = rows["stuck_last_failed"].dropna()
        if len(stuck):
            text += (
                "In the last epoch of the failed replicates of each of these models, the median "
                f"share of training images without a gradient is {share_range(stuck)} %. "
            )
    return text + _unexplained(results, condition, set(rows["model"]))


def _unexplained(results: Results, condition: str, explained: set[str]) -> str:
    """Count the failures of other models, which the clipped divergence cannot explain."""
    failures = {
        m: int(results.summaries[condition, m]["failures"])
        for m in results.models
        if (condition, m) in results.summaries and m not in explained
    }
    models = [model for model, number in failures.items() if number]
    if not models:
        return ""
    losses = dict.fromkeys(word(results.study.fields(condition, model)["loss"]) for model in models)
    number = plural(sum(failures.values()), "failure")
    return (
        f"This study does not explain the {number} of {results.few(models)}, trained with "
        f"{listing(list(losses))}."
    )


def _mended(results: Results) -> list[Answer]:
    """Set the second leading condition beside the first, and those that change part of it."""
    if len(results.main) < 2:
        return []
    base, other = results.main[:2]
    shared = [m for m in results.models if {(base, m), (other, m)} <= results.summaries.keys()]
    if not shared:
        return []
    failed, total = results.failures(other, shared)
    before, _ = results.failures(base, shared)
    fail = "fails" if failed < 2 else "fail"
    text = f"With {_changes(results, other)}, {_none(failed)} {fail} where {count(before)} did."
    if not before:
        text = f"There is none to mend by {_changes(results, other)}."
    link = ("#cause", "Two by two") if results.has("causes") else ("#inference", "The table")
    text += _alone(results, other)
    label = f"replicates fail {_under(results, other)}"
    return [Answer(f"{count(failed)} of {count(total)}", label, text, *link)]


def _none(number: int) -> str:
    return count(number) if number else "none"


def _changes(results: Results, condition: str) -> str:
    """Return what a condition changes, in words."""
    changes = results.changes(condition)
    said = [setting(*item) for item in changes.items()]
    return listing(said or [results.study.condition_label(condition)])


def _alone(results: Results, whole: str) -> str:
    """Say how often models fail under conditions that change a part of what `whole` changes."""
    base = results.main[0]
    changed = results.changes(whole).items()
    parts: dict[tuple[str, ...], list[str]] = {}
    for name in results.conditions:
        own = results.changes(name).items()
        models = tuple(
            m for m in results.models if {(base, m), (name, m)} <= results.summaries.keys()
        )
        if own and own < changed and models:
            failed, _ = results.failures(name, list(models))
            parts.setdefault(models, []).append(
                f"{_none(failed)} with {_changes(results, name)} alone"
            )
    text = ""
    for models, said in parts.items():
        before, total = results.failures(base, list(models))
        whose = results.few(models)
        text += (
            f" Of {count(total)} replicates of {whose}, {count(before)} fail "
            f"{_under(results, base)}, {listing(said)}."
        )
    return text


def _standing(results: Results) -> list[Answer]:
    """Count verdicts on the report's conclusions, or the classes found again without any."""
    base = results.main[0]
    if results.has("claims"):
        return _verdicts(results, base)
    final = results.table("final_inference")[results.table("final_inference")["condition"] == base]
    printed = final[final["reported_class"] != ""]
    if printed.empty:
        return []
    same = int((printed["reported_class"] == printed["class"]).sum())
    text = f"The class that the report prints is that of our median replicate for {same} models."
    figure = f"{same} of {len(printed)}"
    label = f"classes found again {_under(results, base)}"
    return [Answer(figure, label, text, "#inference", "The table")]


def _verdicts(results: Results, base: str) -> list[Answer]:
    claims = results.table("claims")
    quoted = claims["quote"].fillna("") != ""
    own = claims.loc[~quoted, "claim"].nunique()
    claims = claims[quoted] if quoted.any() else claims
    tallies = {c: found for c, found in tally(claims).items() if c in results.main}

    def told(condition: str) -> str:
        parts = [f"{count(tallies[condition].get(state, 0))} {state}" for state in STATES]
        return f"{heading(_under(results, condition))}: {listing(parts)}."

    if base not in tallies:
        return []
    total = sum(tallies[base].values())
    text = " ".join(map(told, tallies))
    label = f"of {plural(total, 'testable statement')}, {_under(results, base)}"
    if quoted.any():
        label = f"of {plural(total, 'testable statement')} of the report, {_under(results, base)}"
    if own and quoted.any():
        text += f" This study also judges {plural(own, 'claim')} of its own."
    contradicted, supported = (tallies[base].get(v, 0) for v in ("contradicted", "supported"))
    figure = f"{count(contradicted)} contradicted, {count(supported)} supported"
    return [Answer(figure, label, text, "#claims", "Every verdict")]
