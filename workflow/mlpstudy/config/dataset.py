"""What the user writes under `dataset` of config.yaml, key by key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import AfterValidator, Field, create_model, model_validator

from mlpstudy.config.types import Listed, Matching, Strict, absent, initial, shown, wanted


class Subset(Strict):
    """How many of the first images to take, for a quick look."""

    train: Annotated[int, Field(ge=1, le=100_000_000, examples=[4000])]
    """How many training images."""

    test: Annotated[int, Field(ge=1, le=100_000_000, examples=[1000])]
    """How many test images."""


FileName = Annotated[
    str,
    Matching(
        "[A-Za-z0-9][A-Za-z0-9._-]{0,99}", "a file name of letters, digits, ., - and _ (no folder)"
    ),
]
Checksum = Annotated[str, Matching("[0-9a-f]{64}", "64 lower-case hexadecimal digits")]


class DataFile(Strict):
    """One file of the dataset."""

    name: FileName
    """The file's name when it is decompressed."""

    sha256: Checksum
    """The SHA-256 checksum of the decompressed file."""


def _data_file(kind: str, name: str, sha256: str) -> Any:
    """Return type and default of one file; each key has its own default."""
    entry = create_model(
        f"DataFile_{kind}",
        __base__=DataFile,
        __doc__=DataFile.__doc__,
        name=(FileName, name),
        sha256=(Checksum, sha256),
    )
    return entry, initial({}, description=f"The {kind.replace('_', ' ')}.")


_FASHION_MNIST = """
train-images-idx3-ubyte c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888
train-labels-idx1-ubyte bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9
t10k-images-idx3-ubyte 5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b
t10k-labels-idx1-ubyte 0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34
"""
_KINDS = ("train_images", "train_labels", "test_images", "test_labels")
if TYPE_CHECKING:

    class Files(Strict):
        """The four files."""

else:
    Files = create_model(
        "Files",
        __base__=Strict,
        **{
            kind: _data_file(kind, *line.split())
            for kind, line in zip(_KINDS, _FASHION_MNIST.strip().splitlines(), strict=True)
        },
    )


class DebianPackage(Strict):
    """A package of Debian that holds the files."""

    package: Annotated[str, Matching("[a-z0-9][a-z0-9+.-]+", "the name of a Debian package")] = (
        Field(examples=["dataset-fashion-mnist"])
    )
    """The name of the package."""

    folder: Annotated[
        str,
        Matching(
            r"(?![/~])(?!.*\.\.)[^\x00-\x1f]+",
            "a folder relative to the package's root, without ..",
        ),
    ] = Field(examples=["usr/share/datasets/fashion-mnist"])
    """The folder inside the package."""


class Source(Strict):
    """One place, named by exactly one of its keys."""

    folder: Annotated[
        str,
        Matching(
            r"(?!~)[^\x00-\x1f]+", "a folder (not empty, without control characters or a leading ~)"
        ),
    ] = absent("", examples=["/usr/share/datasets/fashion-mnist"])
    """A local folder with the files, decompressed or with .gz at the end of their names."""

    url: Annotated[
        str,
        Matching(r"https?://[^/\s][^\s]*", "an address that begins with http:// or https://"),
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
        Matching("[A-Za-z0-9][A-Za-z0-9_-]{0,63}", "a name of at most 64 letters, digits, - and _"),
    ] = "fashion-mnist"
    """The dataset's name, also that of the folder that it is kept in."""

    classes: Annotated[
        tuple[
            Annotated[str, shown(100), Field(description="One class.", examples=["Sneaker"])],
            ...,
        ],
        Listed("a list of 2 to 256 different names (numbers need quotes)", 2, 256),
    ] = (
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker"),
        *("Bag", "Ankle boot"),
    )
    """What each label means, from label 0 on."""

    files: Files = initial({})
    """The four files, by what they hold. The checksums are those of the decompressed files."""

    sources: Annotated[
        tuple[
            Annotated[
                Source,
                wanted("exactly one of folder: PATH, url: ADDRESS and debian: {package, folder}"),
            ],
            ...,
        ],
        Listed("a list of sources, at least one", least=1, distinct=False),
    ] = initial(_SOURCES)
    """Where the files are looked for, in this order."""

    subset: Annotated[Subset | None, wanted("null, or {train: NUMBER, test: NUMBER}")] = None
    """null for all images, or how many of the first to take, for a quick look."""

    def to_dict(self) -> dict[str, Any]:
        """Give plain dictionaries and lists, as in config.yaml."""
        plain = self.model_dump(mode="json")
        return {**plain, "sources": [each.model_dump(exclude_unset=True) for each in self.sources]}
