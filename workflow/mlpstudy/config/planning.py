"""The configuration resolved into a study and its jobs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mlpstudy.config.claims import ClaimsFile
from mlpstudy.config.loading import in_file, read_claims, read_config, read_models
from mlpstudy.config.models import FIELDS, Default, ModelEntry, ModelsFile
from mlpstudy.config.problems import raise_deepest
from mlpstudy.config.resources import multiplications
from mlpstudy.config.rules import run_problems
from mlpstudy.config.settings import Common, ConditionEntry, Config
from mlpstudy.config.study import Job as StudyJob
from mlpstudy.config.study import Study
from mlpstudy.data.dataset import digest
from mlpstudy.fingerprint import training_fingerprint
from mlpstudy.spec import Job, blocks, in_effect

JobKey = tuple[str, str, str, int, int]  # condition, model, fold, first, last


@dataclass(frozen=True)
class Plan:
    """The configuration, the study that follows from it, and the claims file."""

    config: Config
    study: Study
    claims: ClaimsFile

    @cached_property
    def jobs(self) -> dict[JobKey, Job]:
        """Every job by the wildcards of its folder, condition by condition."""
        jobs = map(self.study.planned, self.study.jobs)
        return {(job.condition, job.model, job.fold, job.first, job.last): job for job in jobs}

    def cost(self, key: JobKey) -> int:
        """Return the multiplications per image of a job: the longest jobs go first."""
        return multiplications(self.jobs[key])

    @cached_property
    def largest_cost(self) -> int:
        """The cost of the longest job."""
        return max(map(self.cost, self.jobs), default=0)

    def document(self) -> str:
        """Return study.json: the resolved study, for every later step and every reader.

        It says nothing of where files are and jobs run, so that a study may be moved: the jobs'
        folders are relative to it.
        """
        # In ASCII: Snakemake writes the text in the encoding of the user's locale.
        return json.dumps(self.study.to_dict(), indent=1) + "\n"

    def claims_document(self) -> str:
        """Return claims.json: the claims, which are no part of study.json."""
        return claims_document(self.claims)


def read_plan(files: Sequence[Path], given: Mapping[str, object] = MappingProxyType({})) -> Plan:
    """Read and check the configuration, and resolve it.

    Args:
        files: configuration files, each laid over the ones before it.
        given: what the command line sets, laid over the files.

    Raises:
        StudyError: one line with the file, the key and what was expected.
    """
    config, origin = read_config(files, given)
    models = read_models(config, origin)
    claims = ClaimsFile(claims={})
    if config.claims is not None:
        claims = read_claims(Path(config.claims), models.models, config.present_conditions)
    study = _study(config, models).concluding(claims)
    of_models = in_file(Path(config.models))
    raise_deepest(
        run_problems(study, config.dataset),
        lambda location: (of_models if location[0] == "models" else origin)(location),
    )
    return Plan(config, study.model_copy(update={"jobs": tuple(_jobs(study))}), claims)


def claims_document(file: ClaimsFile) -> str:
    """Return claims.json: the claims of a claims file, without comments and its other parts.

    It is a claims file itself, in JSON; the order of keys in a claim makes no difference.
    """
    kept = file.model_dump(mode="json", include={"optional", "claims"}, exclude_unset=True)
    claims = {name: dict(sorted(claim.items())) for name, claim in kept["claims"].items()}
    written = {"optional": kept.get("optional", {}), "claims": claims}
    return json.dumps(written, indent=1, ensure_ascii=False) + "\n"


def _study(config: Config, file: ModelsFile) -> Study:
    """Return the resolved study without its jobs, comparisons and conclusions."""
    models = {name: _model(name, entry, file) for name, entry in file.models.items()}
    resolved = {
        **{key: getattr(config, key) for key in Common.model_fields},
        "dataset": {**dict(config.dataset), "digest": digest(config.dataset.to_dict())},
        "defaults": file.defaults.model_dump(),
        "models": models,
        "conditions": {
            name: _condition(name, entry, models)
            for name, entry in config.present_conditions.items()
        },
        "code": training_fingerprint(),
    }
    return Study.model_validate(resolved)


def _model(name: str, entry: ModelEntry, file: ModelsFile) -> dict[str, Any]:
    """Return a model with every field, and the reasons for those in effect that are assumed."""
    written = entry.written
    defaults: dict[str, Default] = dict(file.defaults)
    values = {field: default.value for field, default in defaults.items()} | written
    reasons = {
        field: default.why
        for field, default in defaults.items()
        if default.basis == "assumed" and field not in written
    } | entry.assumed
    fields = {field: values[field] for field in FIELDS}
    assumed = {field: reasons[field] for field in in_effect(fields) if field in reasons}
    return {"report_name": entry.report_name or name, "fields": fields, "assumed": assumed}


def _condition(
    name: str, entry: ConditionEntry, models: Mapping[str, dict[str, Any]]
) -> dict[str, Any]:
    """Return a condition with its models in the order of the models file."""
    named, where = entry.models or tuple(models), entry.where.written
    chosen = [
        model
        for model, resolved in models.items()
        if model in named and all(resolved["fields"][key] == where[key] for key in where)
    ]
    label = entry.label or name.replace("_", " ")
    return {
        "label": label,
        "overrides": entry.written,
        "models": chosen,
        "replicates": entry.replicates,
    }


def _jobs(study: Study) -> Iterator[StudyJob]:
    """Yield every job of a study, condition by condition."""
    for condition in study.conditions.values():
        grid = blocks(condition.replicates or study.replicates, study.replicates_per_job)
        for model in condition.models:
            folds = study.spec(condition.key, model).fold_names
            for fold, (first, last) in product(folds, grid):
                job = StudyJob(
                    condition=condition.key, model=model, fold=fold, first=first, last=last
                )
                folder = f"runs/{study.planned(job).folder}"
                yield job.model_copy(update={"written": folder})
