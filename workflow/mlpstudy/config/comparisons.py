"""What the user writes under `comparisons` and `conclusions` of the claims file, key by key."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from mlpstudy.config.types import (
    Listed,
    ModelName,
    ModelNames,
    Strict,
    Text,
    absent,
    matching,
    wanted,
)
from mlpstudy.spec import Activation

ComparisonName = Annotated[
    str,
    matching(
        # comparison-a-curves is the second figure of comparison a.
        "(?!.*-curves$)[A-Za-z0-9][A-Za-z0-9_-]{0,63}",
        "a name of at most 64 letters, digits, _ and - that begins with a letter or digit and does "
        "not end in -curves",
    ),
]
Pair = Annotated[
    tuple[ModelName, ...],
    Listed("a list of two distinct models", 2, 2),
    Field(description="Two models, from the first to the second.", examples=[["m09", "m10"]]),
]


class Sparse(Strict):
    """A mapping that is written without its empty texts and nulls."""

    @model_serializer(mode="wrap")
    def _without_empty(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {key: value for key, value in handler(self).items() if value not in ("", None)}


class Quoted(Sparse):
    """What the source says of something, and where."""

    quote: Text = absent("", examples=["Thus, more layers do not indicate a better model."])
    """The source's own words, to the letter; left out where it has none."""

    place: Text = absent("", examples=["Section 2, Models 4-5"])
    """Where the quote is in the source; claims whose place is the same or within it are listed
    there."""


class Concluded(Quoted):
    """A conclusion of the source."""

    headline: Annotated[tuple[Text, ...], Listed("a list of distinct names of claims")] = absent(
        (), examples=[["deeper_is_better"]]
    )
    """The claims that the first screen shows for the conclusion; by default none."""


class Comparison(Quoted):
    """Models to compare, in a section of the pages."""

    models: ModelNames
    """The models, in the order of the tables."""

    pairs: Annotated[tuple[Pair, ...], Listed("a list of distinct pairs of models")] = ()
    """Pairs shown as rows of a table, each as second minus first."""


class Activations(Concluded):
    """The conclusion on the activation functions."""

    order: Annotated[
        tuple[Annotated[Activation, Field(description="One activation.", examples=["relu"])], ...],
        Listed("a list of distinct activations"),
    ] = ()
    """The ranking of the source, the best first."""


class Layers(Concluded):
    """The conclusion on the number of layers."""

    up_to: Annotated[
        Annotated[int, Field(ge=1, le=1000)] | None,
        wanted("a whole number of at least 1, or null"),
    ] = None
    """Models of up to this number of layers are compared with deeper ones; null for none."""

    exception: str = absent("", examples=["m10"])
    """A model that the source calls an exception; the pages show it in a table."""


class BatchNorm(Concluded):
    """The conclusion on batch normalisation."""

    pair: Pair = absent(())
    """The model without batch normalisation, and the one with it."""


class Conclusions(Sparse):
    """What the source concludes on each topic of the last section, which is there in any case."""

    settings: Concluded | None = absent(examples=[{"quote": "No setting alone is responsible."}])
    """The conclusion on which settings decide, all of them together."""

    activations: Activations | None = absent(examples=[{"order": ["relu", "tanh"]}])
    """The conclusion on the activation functions."""

    layers: Layers | None = absent(examples=[{"up_to": 5, "exception": "m10"}])
    """The conclusion on the number of layers."""

    batch_norm: BatchNorm | None = absent(examples=[{"pair": ["m09", "m10"]}])
    """The conclusion on batch normalisation."""
