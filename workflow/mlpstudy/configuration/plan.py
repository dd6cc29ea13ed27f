"""The settings resolved into jobs: what the study trains, and the record of it, study.json."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mlpstudy.configuration.claims import ClaimsFile, read_claims
from mlpstudy.configuration.claims import document as claims_document
from mlpstudy.configuration.entries import Settings
from mlpstudy.configuration.layers import merged, read_layers
from mlpstudy.configuration.requests import multiplications
from mlpstudy.configuration.schema import SCHEMAS
from mlpstudy.configuration.settings import resolved
from mlpstudy.configuration.yamlfiles import read_yaml
from mlpstudy.data.dataset import digest
from mlpstudy.fingerprint import training_fingerprint
from mlpstudy.spec import Job, Spec, blocks

# Settings that say where files lie and jobs run, and nothing about the results.
_ELSEWHERE = ("results", "models_file", "claims_file", "device", "when_gpus_are_taken")

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
        """Return study.json: the resolved study, for every later step and every reader.

        It has nothing of where files lie and jobs run, so that a study may be moved: the jobs'
        folders are relative to it.
        """
        plain = _plain(dataclasses.asdict(self.settings))
        for name in _ELSEWHERE:
            del plain[name]
        plain["dataset"] = {
            **{key: plain["dataset"][key] for key in ("name", "classes", "subset")},
            "digest": self.data,
        }
        plain["comparisons"] = self.said.comparisons
        plain["conclusions"] = self.said.conclusions
        plain["code"] = training_fingerprint()
        plain["jobs"] = [
            {name: getattr(job, name) for name in ("condition", "model", "fold", "first", "last")}
            | {"folder": f"runs/{job.folder}"}
            for job in self.jobs.values()
        ]
        # In ASCII: Snakemake writes the text in the encoding of the user's locale.
        return json.dumps(plain, indent=1) + "\n"

    def claims_document(self) -> str:
        """Return claims.json: the claims, which are no part of study.json."""
        return claims_document(self.said.written)

    @cached_property
    def data(self) -> str:
        """The checksum of the data."""
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
            data=self.data,
            subset=(subset["train"], subset["test"]) if subset else None,
            code=training_fingerprint(),
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


def read_plan_files(files: Sequence[Path]) -> Plan:
    """Read the plan of configuration files, each laid over the ones before it, without claims.

    Raises:
        StudyError: one line with the file, the key and what was expected.
    """
    config: dict[str, object] = {}
    for path in files:
        config = merged(config, read_yaml(path))
    return read_plan({**config, "claims": None}, files)


def _plain(value: Any) -> Any:
    """Turn mappings, tuples and paths into what JSON has."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, Path) else value
