"""A study on disk whose runs are made up, with models of the shipped configuration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from study_fixture import FIELDS, Paths, make_study

ROOT = Path(__file__).parents[2]


def configured() -> tuple[dict[str, Any], dict[str, Any], dict[str, list[str]]]:
    """Return models, conditions and the models that a condition covers, of the reference study."""
    models = yaml.safe_load((ROOT / "config/models.yaml").read_text())
    conditions: dict[str, Any] = {}
    for name in ("config", "reference"):
        settings = yaml.safe_load((ROOT / f"config/{name}.yaml").read_text())
        conditions |= settings["conditions"]
    why = {key: entry["why"] for key, entry in models["defaults"].items()}
    entries = {key: _entry(dict(fields), why) for key, fields in models["models"].items()}
    covered = {}
    for name, overrides in conditions.items():
        chosen = overrides.pop("models", None) or list(entries)
        where = overrides.pop("where", {})
        covered[name] = [
            key
            for key in chosen
            if all({**FIELDS, **entries[key]}[f] == value for f, value in where.items())
        ]
    return entries, conditions, covered


def _entry(fields: dict[str, Any], why: Mapping[str, str]) -> dict[str, Any]:
    assumed = {name: why[name] for name in why if name not in fields} | fields.pop("assumed", {})
    return {**fields, "assumed": assumed}


def small_study(root: Path) -> Paths:
    """Write a study of six models of the report, two conditions for all and one for some."""
    models, _, _ = configured()
    chosen = {key: models[key] for key in ("m01", "m02", "m04", "m09", "m10", "m16")}
    conditions = {
        "as_reported": {},
        "corrected": {"pixels": "unit", "kl": "exact"},
        "unit_pixels": {"pixels": "unit"},
    }

    def outcome(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
        if condition == "as_reported" and model == "m04" and replicate != 2:
            return 0.1, 14.5
        if condition == "as_reported" and model == "m09" and replicate == 1:
            return float("nan"), float("nan")
        best = {"m02": 0.74, "m16": 0.77}.get(model, 0.83) + 0.002 * int(model[1:])
        return round(best + 0.003 * replicate + 0.05 * (condition != "as_reported"), 4), 0.45

    return make_study(root, chosen, outcome, conditions, 4, covered={"unit_pixels": ["m02", "m04"]})
