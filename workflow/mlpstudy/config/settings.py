"""What the user writes in config.yaml, key by key."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from mlpstudy.config.models import HasFields, with_hyperparameters
from mlpstudy.config.types import (
    File,
    Listed,
    ModelNames,
    Name,
    Strict,
    absent,
    initial,
    line,
    matching,
    wanted,
)


class Subset(Strict):
    """How many of the first images to take, for a quick look."""

    train: Annotated[int, Field(ge=1, le=100_000_000, examples=[4000])]
    """How many training images."""

    test: Annotated[int, Field(ge=1, le=100_000_000, examples=[1000])]
    """How many test images."""


class DataFile(Strict):
    """One file of the dataset."""

    name: str = matching(
        "[A-Za-z0-9][A-Za-z0-9._-]{0,99}",
        "a file name of letters, digits, ., - and _ (no folder)",
        examples=["train-images-idx3-ubyte"],
    )
    """The file's name when it is decompressed."""

    sha256: str = matching(
        "[0-9a-f]{64}",
        "64 lower-case hexadecimal digits",
        examples=["c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"],
    )
    """The SHA-256 checksum of the decompressed file."""


class Files(Strict):
    """The four files."""

    train_images: DataFile
    """The training images."""

    train_labels: DataFile
    """The training labels."""

    test_images: DataFile
    """The test images."""

    test_labels: DataFile
    """The test labels."""


class DebianPackage(Strict):
    """A package of Debian that holds the files."""

    package: str = matching(
        "[a-z0-9][a-z0-9+.-]+", "the name of a Debian package", examples=["dataset-fashion-mnist"]
    )
    """The name of the package."""

    folder: str = matching(
        r"(?![/~])(?!.*\.\.)[^\x00-\x1f]+",
        "a folder relative to the package's root, without ..",
        examples=["usr/share/datasets/fashion-mnist"],
    )
    """The folder inside the package."""


class Source(Strict):
    """One place, named by exactly one of its keys."""

    folder: str = matching(
        r"(?!~)[^\x00-\x1f]+",
        "a folder (not empty, without control characters or a leading ~)",
        default="",
        examples=["/usr/share/datasets/fashion-mnist"],
    )
    """A local folder with the files, decompressed or with .gz at the end of their names."""

    url: Annotated[
        str,
        matching(r"https?://[^/\s][^\s]*", "an address that begins with http:// or https://"),
        AfterValidator(lambda address: address.rstrip("/")),
    ] = absent("", examples=["https://example.org/fashion-mnist"])
    """A web address; the files are at ADDRESS/NAME.gz."""

    debian: DebianPackage = absent(examples=[{"package": "p", "folder": "usr/share/p"}])
    """A package of Debian that holds the files; it is unpacked without root."""

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError("one key")
        return self


_FASHION_MNIST = """
train-images-idx3-ubyte c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888
train-labels-idx1-ubyte bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9
t10k-images-idx3-ubyte 5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b
t10k-labels-idx1-ubyte 0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34
"""
_FILES = {
    kind: dict(zip(("name", "sha256"), row.split(), strict=True))
    for kind, row in zip(Files.model_fields, _FASHION_MNIST.strip().splitlines(), strict=True)
}
_SOURCES = [
    {"folder": "/usr/share/datasets/fashion-mnist"},
    {"url": "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com"},
    {"url": "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion"},
    {"debian": {"package": "dataset-fashion-mnist", "folder": "usr/share/datasets/fashion-mnist"}},
]


class Dataset(Strict):
    """Any dataset of the shape of MNIST, as four IDX files of 28 x 28 images and labels."""

    name: Annotated[
        str,
        matching("[A-Za-z0-9][A-Za-z0-9_-]{0,63}", "a name of at most 64 letters, digits, - and _"),
    ] = "fashion-mnist"
    """The dataset's name, also that of the folder that it is kept in."""

    classes: Annotated[
        tuple[
            Annotated[str, line(100), Field(description="One class.", examples=["Sneaker"])], ...
        ],
        Listed("a list of 2 to 256 distinct names (numbers need quotes)", 2, 256),
    ] = (
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker"),
        *("Bag", "Ankle boot"),
    )
    """What each label means, from label 0 on."""

    files: Files = initial(_FILES)
    """The four files, by what they hold. The checksums are those of the decompressed files."""

    sources: Annotated[
        tuple[
            Annotated[
                Source,
                wanted("exactly one of folder: PATH, url: ADDRESS and debian: {package, folder}"),
            ],
            ...,
        ],
        Listed("a list of one or more sources", 1, distinct=False),
    ] = initial(_SOURCES)
    """Where the files are looked for, in this order."""

    subset: Annotated[Subset | None, wanted("null, or {train: NUMBER, test: NUMBER}")] = None
    """null for all images, or how many of the first to take, for a quick look."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain dictionaries and lists, as in config.yaml."""
        plain = self.model_dump(mode="json")
        return {**plain, "sources": [each.model_dump(exclude_unset=True) for each in self.sources]}


class Classes(Strict):
    """Test accuracies, as fractions; a model below both is inferior."""

    superior: Annotated[float, Field(gt=0, le=1)] = 0.8
    """The least test accuracy of a superior model."""

    medium: Annotated[float, Field(gt=0, le=1)] = 0.5
    """The least test accuracy of a medium model; a run below it is a failure."""


class Common(Strict):
    """The settings that the resolved study has as they are written."""

    seed: Annotated[int, Field(ge=0, le=4294967295)] = 2021
    """The study's seed. All random streams are functions of it, replicate and fold."""

    replicates: Annotated[int, Field(ge=1, le=100_000)] = 3
    """The number of replicates (independent repetitions) of each model under each condition."""

    replicates_per_job: Annotated[int, Field(ge=1, le=1000)] = 3
    """How many replicates one job trains together. Raising replicates only adds jobs if it was a
    multiple of this; otherwise the last, incomplete block is trained again. A change of this key
    trains everything again."""

    trial: bool = False
    """Whether all pages are marked as a trial run."""

    classes: Classes = initial({})
    """The test accuracies, as fractions, from which a model is called superior or medium."""

    margin: Annotated[float, Field(gt=0, lt=1)] = 0.01
    """The difference of mean test accuracies, as a fraction, below which two models count as
    equivalent."""


@with_hyperparameters
class Where(HasFields):
    """Fields and values."""


@with_hyperparameters
class ConditionEntry(HasFields):
    """Fields of a model and the values that they have under this condition."""

    label: Annotated[str, line(60, r"(?!.*\s$)")] = absent("", examples=["pixels / 255"])
    """What readers see for the condition in pages and figures; by default its name, with
    underscores as spaces. Files keep the name, and changing a label trains nothing."""

    models: ModelNames = ()
    """The models that the condition is restricted to; by default all."""

    replicates: Annotated[int, Field(ge=1, le=100_000)] = absent(None, examples=[12])
    """The number of replicates of each model under this condition; by default as many as under the
    others."""

    where: Annotated[Where, wanted("a mapping of fields to values")] = initial(
        {}, examples=[{"loss": "kl_divergence"}]
    )
    """Field values that a model must have for the condition to apply; if no model has them, nothing
    is trained."""


class Config(Common):
    """The study around the models. Every key may be left out; its default is then used."""

    results: str = matching(
        # What a shell takes for one word: the commands of the rules have it unquoted.
        r"[\w./+@%=,:-]+",
        "a folder (not empty, of letters, digits and the characters _ . / + @ % = , : -)",
        default="results",
    )
    """The folder for all outputs, relative to the working directory."""

    models: File = "config/models.yaml"
    """The file with the models, relative to the working directory."""

    claims: Annotated[
        File | None,
        wanted("a file (not empty, without braces, control characters or a leading ~), or null"),
    ] = "config/claims.yaml"
    """The file with the claims to judge; null for none. The default need not exist."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where models are trained. auto takes a GPU where there is one."""

    when_gpus_are_taken: Literal["wait", "share"] = "wait"
    """What a job does if every GPU of the machine is taken by another job. wait: it starts when one
    is free; share: it computes on the one that the fewest jobs use."""

    conditions: Annotated[
        dict[
            Name,
            Annotated[
                ConditionEntry | None,
                wanted("a mapping of fields to values, {} for none, or null to drop the condition"),
            ],
        ],
        Field(min_length=1),
        wanted("a mapping of keys to values"),
    ] = initial(
        {
            "as_reported": {"label": "report's settings"},
            "corrected": {"label": "corrected", "pixels": "unit", "kl": "exact"},
            "unit_pixels": {"pixels": "unit", "where": {"loss": "kl_divergence"}},
            "exact_kl": {"label": "exact KL", "kl": "exact", "where": {"loss": "kl_divergence"}},
        }
    )
    """Named sets of overrides. All models are trained under every condition, unless it has `models`
    or `where`; a condition that is null is dropped."""

    dataset: Dataset = initial({})
    """The images, where they come from and how they are verified."""

    @property
    def present_conditions(self) -> dict[str, ConditionEntry]:
        """The conditions that are not null."""
        return {name: each for name, each in self.conditions.items() if each is not None}
