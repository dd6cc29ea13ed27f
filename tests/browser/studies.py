"""Studies on disk whose runs are made up: of the size and shape of the reference study."""

from __future__ import annotations

import random
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


def reference_study(root: Path, replicates: int = 12) -> Paths:
    """Write a study of all models, conditions and `replicates` of the reference study."""
    models, conditions, covered = configured()

    def outcome(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
        fields = {**FIELDS, **models[model], **conditions[condition]}
        draw = random.Random(f"{condition} {model} {fold} {replicate}")
        deep = len(fields["nodes"]) > 5 and not fields["batch_norm"]
        kl = fields["loss"] == "kl_divergence" and fields["kl"] == "clipped"
        fragile = fields["pixels"] == "raw" and fields["activation"] in ("relu", "leaky_relu")
        risk = fragile * ((0.85 if kl else 0.05) + (0.25 if deep and not kl else 0.0))
        if draw.random() < risk:
            accuracy = draw.choice([0.1, 0.1, 0.1, 0.1941, 0.28])
            return accuracy, 16.118 * (1 - accuracy) if kl else 2.303
        best = 0.885 if fields["pixels"] == "unit" else 0.845
        saturated = fields["pixels"] == "raw" and fields["activation"] in ("sigmoid", "tanh")
        accuracy = best - saturated * draw.uniform(0.02, 0.12) + draw.gauss(0, 0.005)
        return round(accuracy, 4), round(0.4 + draw.uniform(0, 0.1), 4)

    return make_study(root, models, outcome, conditions, replicates, covered=covered, block=3)


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
