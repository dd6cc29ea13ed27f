"""The settings resolved into jobs: what the study trains, and the record of it, study.json."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mlpstudy.configuration.claims import ClaimsFile, read_claims
from mlpstudy.configuration.claims import digest as claims_digest
from mlpstudy.configuration.entries import Settings
from mlpstudy.configuration.layers import read_layers
from mlpstudy.configuration.requests import multiplications
from mlpstudy.configuration.schema import SCHEMAS
from mlpstudy.configuration.settings import resolved
from mlpstudy.data.dataset import digest
from mlpstudy.fingerprint import TRAINING, fingerprint
from mlpstudy.spec import Job, Spec, blocks

JobKey = tuple[str, str, str, int, int]  # condition, model, fold, first, last


@dataclass(frozen=True)
class Plan:
    """A study's settings, what its claims file says, and all jobs, condition by condition."""

    settings: Settings
    said: ClaimsFile = dataclasses.field(default_factory=ClaimsFile)

    @cached_property
    def jobs(self) -> dict[JobKey, Job]:
        """Every job by the wildcards of its folder."""
        settings = self.settings
        made = {}
        for condition in settings.conditions.values():
            for model in condition.models:
                spec = self.spec(condition.name, model)
                for fold in spec.fold_names:
                    for first, last in blocks(settings.replicates, settings.replicates_per_job):
                        key = (condition.name, model, fold, first, last)
                        made[key] = self._job(key, spec)
        return made

    def spec(self, condition: str, model: str) -> Spec:
        """Return the hyper-parameters of `model` under `condition`."""
        overrides = self.settings.conditions[condition].overrides
        return Spec.from_fields({**self.settings.models[model].fields, **overrides})

    def cost(self, key: JobKey) -> int:
        """Return about how long a job trains, in multiplications an image: longest go first."""
        return multiplications(self.jobs[key])

    @cached_property
    def largest_cost(self) -> int:
        """The cost of the longest job."""
        return max(map(self.cost, self.jobs), default=0)

    def document(self) -> str:
        """Return study.json: the resolved study, for every later step and every reader."""
        plain = _plain(dataclasses.asdict(self.settings))
        plain["dataset"] = {
            **{key: plain["dataset"][key] for key in ("name", "classes", "subset")},
            "digest": self._data,
        }
        plain["comparisons"] = self.said.comparisons
        plain["conclusions"] = self.said.conclusions
        plain["code"] = fingerprint(*TRAINING)
        plain["jobs"] = [
            {name: getattr(job, name) for name in ("condition", "model", "fold", "first", "last")}
            | {"folder": f"{self.settings.results}/runs/{job.folder}"}
            for job in self.jobs.values()
        ]
        # In ASCII: Snakemake writes the text in the encoding of the user's locale.
        return json.dumps(plain, indent=1) + "\n"

    @cached_property
    def digest(self) -> str:
        """The checksum of the document."""
        return hashlib.sha256(self.document().encode()).hexdigest()

    @cached_property
    def claims_digest(self) -> str:
        """The checksum of the claims, which are no part of the document."""
        return claims_digest(self.said.claims)

    @cached_property
    def _data(self) -> str:
        return digest(self.settings.dataset.to_dict())

    def _job(self, key: JobKey, spec: Spec) -> Job:
        condition, model, fold, first, last = key
        subset = self.settings.dataset.subset
        return Job(
            condition=condition,
            model=model,
            fold=fold,
            first=first,
            last=last,
            seed=self.settings.seed,
            data=self._data,
            subset=(subset["train"], subset["test"]) if subset else None,
            code=fingerprint(*TRAINING),
            spec=spec,
        )


def read_plan(config: Mapping[str, object], config_files: Sequence[Path]) -> Plan:
    """Check the merged configuration and resolve it.

    Raises:
        StudyError: one line with the file, the key and what was expected.
    """
    layers = read_layers(config, config_files)
    settings = resolved(layers, SCHEMAS)
    said = ClaimsFile()
    if settings.claims_file is not None:
        names = (settings.models, settings.conditions)
        said = read_claims(settings.claims_file, *names, SCHEMAS)
    return Plan(settings, said)


def _plain(value: Any) -> Any:
    """Turn mappings, tuples and paths into what JSON has."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, Path) else value
