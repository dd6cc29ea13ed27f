"""The vocabulary of readings: what a sentence of each form says, and what its row has to hold."""

from __future__ import annotations

from typing import NamedTuple

from mlpstudy.evidence.audit.printed import SETTINGS


class Takes(NamedTuple):
    """What a cell may hold: as a regular expression, and in words."""

    pattern: str
    words: str


NOTHING = Takes("", "nothing")
ONE, SOME, ANY = (
    Takes(r"\S+", "one model"), Takes(r"\S+( \S+)*", "one model or more"), Takes(r".*", "models"),
)  # fmt: skip

_SETTING, _SWITCHES = "|".join(SETTINGS), [name for name in SETTINGS if SETTINGS[name] == "false"]
SETTING = Takes(_SETTING, f"one of {', '.join(SETTINGS)}")
SEVERAL = Takes(f"({_SETTING})( ({_SETTING}))*", f"one or more of {', '.join(SETTINGS)}")
SWITCH = Takes("|".join(_SWITCHES), f"one of {', '.join(_SWITCHES)}")
SIZES = Takes("layers( nodes)?|nodes( layers)?", "layers, nodes, or both")

WHOLE = Takes(r"\d+", "a whole number")
FRACTION = Takes(r"0(\.\d+)?|1(\.0+)?", "a fraction")
ORDER = Takes(r"\w+(>\w+)+", "values in their order, a>b>c")
TWO = Takes(r"\w+>\w+", "two values, the better first, a>b")
STATEMENT = Takes(r"[a-z]\d+", "a statement")


class Form(NamedTuple):
    """What a sentence of a form says, and what the columns of its reading take."""

    says: str
    models: Takes = ONE
    others: Takes = NOTHING
    quantity: Takes = NOTHING
    value: Takes = NOTHING

    def takes(self) -> dict[str, Takes]:
        """Return what each column takes."""
        return {
            "value": self.value, "models": self.models, "others": self.others,
            "quantity": self.quantity,
        }  # fmt: skip


# Rules of the same names look for what speaks against it.
FORMS = {
    "number_of_models": Form("as many models as `value` are reported", NOTHING, value=WHOLE),
    "better": Form("`models` is more accurate than `others`", others=ONE),
    "difference": Form(
        "`models` is more accurate than `others` by `value`, a fraction", others=ONE, value=FRACTION
    ),
    "fewer_nodes": Form(
        "`models` has fewer nodes than `others`, and is the better for it", others=ONE
    ),
    "every_layer": Form("`models` and `others` differ in every layer", others=ONE),
    "only_difference": Form(
        "what `others` has over `models` comes of `quantity`, settings of section 1",
        others=ONE, quantity=SEVERAL,
    ),
    "better_setting": Form(
        "of two values of the setting `quantity` the first is better: relu>sigmoid",
        others=ONE, quantity=SETTING, value=TWO,
    ),
    "rank_order": Form(
        "the values of the setting `quantity` rank as `value` has them: a>b>c",
        SOME, quantity=SETTING, value=ORDER,
    ),
    "ideal_layers": Form("of `models`, those with `value` layers do best", SOME, value=WHOLE),
    "ideal": Form("`models` is best for its accuracy, layers, nodes and time"),
    "perform_well": Form("`models` are not of the lowest class", SOME),
    "better_than": Form("`models` are more accurate than `others`", SOME, ONE),
    "around": Form(
        "`others` are around the accuracy `value`, much as `models` is",
        others=SOME, value=FRACTION,
    ),
    "exception": Form(
        "of the models with more layers than `value`, only `models` performs well",
        SOME, value=WHOLE,
    ),
    "blamed": Form(
        "`models` fails because it has too much of `quantity`: layers, nodes, or both",
        quantity=SIZES,
    ),
    "credited": Form(
        "`models` does well because of `quantity`, a setting of section 1", quantity=SETTING
    ),
    "nothing_special": Form("`models`, which fails, is made as the others are"),
    "all_discussed": Form("every setting was looked at", NOTHING),
    "no_contrast": Form(
        "`quantity`, a setting, was given to `models` for its effect", quantity=SETTING
    ),
    "varied_alone": Form("the effect of the settings can be seen", NOTHING),
    "no_effect": Form(
        "the setting `quantity`, which a model has or has not, makes no difference",
        NOTHING, quantity=SWITCH,
    ),
    "fewer_epochs": Form("`models` needs fewer epochs than `others`", others=ONE),
    "longer_is_better": Form("`models` would do better if trained for longer"),
    "too_long": Form("`models` takes too long for what it gives"),
    "unsteady": Form("`models` gives another accuracy each time"),
    "steady": Form("`models` gives much the same each time"),
    "not_learnt": Form("`models` has learnt nothing"),
    "incompatible": Form(
        "cannot be true together with the statement `value`", ANY, value=STATEMENT
    ),
}  # fmt: skip
