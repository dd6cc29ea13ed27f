"""SVG after matplotlib: smaller, with light and dark colours, and as part of a page.

Every function parses the file and works on its elements, so that no text of a user can be taken
for markup. Neither this module nor the index needs matplotlib.
"""

from __future__ import annotations

import base64
import io
import re
import xml.etree.ElementTree as ET

from markupsafe import Markup
from PIL import Image

from mlpstudy.figures.palette import ALL, PAPER

# Text stays text, in a family that every system has. DejaVu, with which matplotlib measures it, is
# wider than the others, so nothing overlaps; readers of SVG without system fonts use it.
FAMILY = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
NAMESPACES = {
    "xmlns": "http://www.w3.org/2000/svg",
    "xmlns:xlink": "http://www.w3.org/1999/xlink",
}

LONG = 1500  # characters from which a path is that of many replicates
NUMBER = re.compile(r"-?\d+\.\d+")
COLOUR = re.compile(r"#[0-9a-f]{6}")
VARIABLES = {colour.light: f"var(--{colour.variable})" for colour in ALL}


def finished(text: str, alt: str) -> str:
    """Return matplotlib's SVG at about half its size, with `alt` as its text alternative.

    Coordinates have two decimals of a point, names that nothing refers to are left out, and marks
    that look alike share one style. Opened by itself it follows the reader's light or dark scheme.
    """
    root = _parsed(text)
    head = {"role": "img", "aria-label": alt, "font-family": FAMILY, **NAMESPACES}
    root.attrib = {**head, **root.attrib}
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', text))
    for element in root.iter():
        _shorten(element, used)
    _flatten(root)
    sheet = root.find("defs/style")
    assert sheet is not None
    sheet.text = f"{sheet.text}{_dark_scheme(root)}"
    return _written(root, "\n") + "\n"


def inlined(text: str, prefix: str, styles: Styles | None = None) -> Markup:
    """Return a finished figure as an element of an HTML page.

    Names within it start with `prefix`, its colours are the page's CSS variables, its style sheet
    becomes properties of its root, and its size is left to the page. With `styles`, it shares the
    styles of its marks with the page's other figures.
    """
    root = _parsed(text)
    root[:] = [child for child in root if child.find("style") is None]
    left_out = {"version", "width", "height", "font-family"}
    root.attrib = {name: value for name, value in root.attrib.items() if name not in left_out}
    for element in root.iter():
        element.attrib = dict(_of_page(*pair, prefix) for pair in element.items())
    if styles:
        styles.share(root)
    root.set("style", "stroke-linejoin: round; stroke-linecap: butt")
    return Markup(_written(root, ""))


def _of_page(name: str, value: str, prefix: str) -> tuple[str, str]:
    """Return an attribute of a figure as it is within a page."""
    if name == "id":
        return name, f"{prefix}-{value}"
    if name == "xlink:href":
        return "href", f"#{prefix}-{value[1:]}" if value.startswith("#") else value
    if name == "d":
        return name, re.sub(r" ?([A-Za-z]) ?", r"\1", value)
    if name == "aria-label":
        return name, value
    value = value.replace("url(#", f"url(#{prefix}-")
    return name, COLOUR.sub(lambda found: VARIABLES.get(found[0], found[0]), value)


def for_paper(text: str, family: str) -> str:
    """Return a finished figure in its light colours on white, in the font family `family`."""
    root = _parsed(text)
    root.attrib = {**NAMESPACES, **root.attrib, "font-family": family}
    sheet = root.find("defs/style")
    if sheet is not None:
        sheet.text = (sheet.text or "").partition("@media")[0]
    for element in root.iter():
        if PAPER.light in element.get("style", ""):
            element.set("style", element.attrib["style"].replace(PAPER.light, "#ffffff"))
    return _written(root, "\n")


class Styles:
    """The styles that the figures of a page share, each a class defined where it is first used."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def share(self, root: ET.Element) -> None:
        """Replace the styles of a figure by classes; those that are new are defined in it."""
        new: list[str] = []
        for element in root.iter():
            if "style" in element.attrib:
                style = re.sub(r"\s*([:;])\s*", r"\1", element.attrib.pop("style").rstrip("; "))
                if style not in self._names:
                    self._names[style] = f"f{len(self._names)}"
                    new.append(f".{self._names[style]}{{{style}}}")
                element.set("class", self._names[style])
        if new:
            sheet = ET.Element("style")
            sheet.text = "".join(new)
            root.insert(0, sheet)


def _parsed(text: str) -> ET.Element:
    """Return the root of an SVG whose names have no namespaces, except for links."""
    root = ET.fromstring(text[text.index("<svg") :])
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        link = element.attrib.pop("{http://www.w3.org/1999/xlink}href", None)
        if link is not None:
            element.set("xlink:href", link)
    return root


def _written(root: ET.Element, gap: str) -> str:
    """Return an SVG as text, with `gap` between elements."""
    for element in root.iter():
        if len(element):
            element.text = gap
        element.tail = gap
    root.tail = ""
    # Within texts and attributes the bracket is escaped.
    return ET.tostring(root, encoding="unicode").replace(" />", "/>")


def _shorten(element: ET.Element, used: set[str]) -> None:
    """Leave out what changes nothing in the attributes of an element."""
    attributes = element.attrib
    if attributes.get("id") not in used:
        attributes.pop("id", None)
    if attributes.get("transform", "").startswith("rotate(-0 "):
        del attributes["transform"]
    for name in ("x", "y", "width", "height"):
        if name in attributes:
            attributes[name] = _rounded(attributes[name], 2)
    if path := attributes.get("d"):
        # Nobody sees hundredths of a point in a path of many corners.
        rounded = _rounded(path, 2 if len(path) < LONG else 1)
        attributes["d"] = " ".join(rounded.split())
    if style := attributes.get("style"):
        attributes["style"] = re.sub(r" font-family: 'DejaVu Sans';?", "", style)
    if element.tag == "image":
        attributes["xlink:href"] = _grey(attributes["xlink:href"])


def _rounded(text: str, decimals: int) -> str:
    """Shorten every number."""
    return NUMBER.sub(lambda found: f"{float(found[0]):.{decimals}f}".rstrip("0").rstrip("."), text)


def _grey(data: str) -> str:
    """Return an image, which matplotlib writes in four channels, with one value per pixel."""
    head, _, coded = data.partition(",")
    with io.BytesIO() as buffer:
        picture = Image.open(io.BytesIO(base64.b64decode(coded))).convert("L")
        picture.save(buffer, format="png", optimize=True)
        return f"{head},{base64.b64encode(buffer.getvalue()).decode()}"


def _flatten(parent: ET.Element) -> None:
    """Take out metadata, invisible paths and groups without attributes; let marks share styles."""
    children: list[ET.Element] = []
    for child in parent:
        _flatten(child)
        invisible = child.tag == "path" and child.get("style") == "fill: none"
        if child.tag == "metadata" or invisible or (child.tag == "g" and not len(child)):
            continue
        if child.tag == "g":
            _share_style(child)
        children += [child] if child.tag != "g" or child.attrib else list(child)
    parent[:] = children


def _share_style(group: ET.Element) -> None:
    styles = {child.get("style") for child in group}
    marks = all(child.tag == "use" for child in group)
    if marks and len(group) > 1 and len(styles) == 1 and "style" not in group.attrib:
        style = styles.pop()
        if style is not None:
            group.set("style", style)
            for child in group:
                del child.attrib["style"]


def _dark_scheme(root: ET.Element) -> str:
    """Return the rules that replace the colours in use by those for a dark ground."""
    styles = " ".join(element.get("style", "") for element in root.iter())
    rules = [
        f'[style*="{name}: {colour.light}"]{{{name}:{colour.dark}!important}}'
        for colour in ALL
        for name in ("fill", "stroke")
        if f"{name}: {colour.light}" in styles
    ]
    return f"@media (prefers-color-scheme: dark){{{''.join(rules)}}}"
