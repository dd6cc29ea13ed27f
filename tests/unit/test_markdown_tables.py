"""The tables of the Markdown pages: verdicts and findings with every word of their views."""

from __future__ import annotations

import html

from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mlpstudy.report.layout import Table
from mlpstudy.report.markdown_tables import audit_tables, claim_tables
from mlpstudy.report.pages import markdown
from mlpstudy.report.views.audit import FindingView, Group, Printing
from mlpstudy.report.views.claims import ClaimView, VerdictView

CONDITIONS = {"as_reported": "as reported", "corrected": "corrected"}


def verdict(condition: str, state: str, effect: str = "+2.0 points (+1.0 to +3.0)") -> VerdictView:
    words = {"not_judged": "not judged"}.get(state, state)
    name = condition.replace("_", " ").capitalize()
    return VerdictView(
        condition, name, state, words, effect, "12", "0.01", "", "because", (), "", ""
    )


def claim(*verdicts: VerdictView, quote: str = "It is better") -> ClaimView:
    place = "Section 5, item 1" if quote else ""
    return ClaimView("c", "5", place, quote, (), "A is above B", "greater", ("m01",), verdicts)


def texts(table: Table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table.rows]


def test_a_claim_stands_with_the_verdict_of_each_condition() -> None:
    found = claim(verdict("corrected", "contradicted"), verdict("as_reported", "supported"))
    (table,) = claim_tables([("Conclusions", [found])], CONDITIONS)
    assert table.title == "Conclusions"
    assert [column.label for column in table.columns[2:]] == ["as reported", "corrected"]
    effect = "+2.0 points (+1.0 to +3.0), n = 12"
    assert texts(table) == [
        [
            "A is above B",
            "It is better (Section 5, item 1)",
            f"Supported, {effect}",
            f"Contradicted, {effect}",
        ]
    ]


def test_claims_of_other_conditions_or_of_none_say_so() -> None:
    claims = [
        claim(verdict("adamw", "undecided", "\u2014"), quote=""),
        claim(verdict("", "not_judged", "\u2014")),
        claim(verdict("as_reported", "supported")),
    ]
    (table,) = claim_tables([("", claims)], CONDITIONS)
    assert [row[2:] for row in texts(table)] == [
        ["Adamw: Undecided", "\u2014"],
        ["not judged: because", "\u2014"],
        ["Supported, +2.0 points (+1.0 to +3.0), n = 12", "\u2014"],
    ]
    assert texts(table)[0][1] == "\u2014"


def test_a_finding_stands_with_all_its_printings() -> None:
    printings = (Printing("19.41", ("Section 1", "Section 4")), Printing("19.0", ("Section 3",)))
    finding = FindingView(
        "f", "serious", "against arithmetic", ("m05",), "Model 5", printings, "They differ.",
        "It matters.",
    )  # fmt: skip
    group = Group("serious", "Serious findings", (finding,))
    (table,) = audit_tables([group])
    assert (table.title, table.caption) == ("Serious findings", "1 finding")
    printed = "19.41 (Section 1; Section 4); 19.0 (Section 3)"
    row = ["Model 5", "against arithmetic", "They differ.", "It matters.", printed]
    assert texts(table) == [row]


@given(st.text(alphabet=st.characters(exclude_categories=["C", "Z"]), max_size=30))
@example("_a_ ~~b~~ &amp; $x$ <b> [c](d) ![e](f) *g* `h` | \\ i")
def test_what_is_escaped_reads_as_it_was_written(text: str) -> None:
    shown = MarkdownIt().enable("strikethrough").renderInline(markdown(text))
    assert html.unescape(shown) == text
