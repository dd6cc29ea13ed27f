# From the runs to the tables; `probe_saturation` looks at the networks before training.


rule tabulate_runs:
    input:
        study=rules.write_plan.output.study,
        reported=of_report("values"),
        metrics=of_every_job("metrics.csv"),
        timings=of_every_job("timings.csv"),
        machines=of_every_job("machine.json"),
        history=of_every_job("history.csv"),
        predictions=of_every_job("predictions.npz"),
    output:
        tables(
            *("runs", "timings", "history", "models"),
            *("activation_groups", "final_inference", "recalls", "confusions", "hardest"),
            *("causes", "architectures", "sensitivity", "reproduction"),
        ),
    log:
        "<results>/logs/tabulate_runs.log",
    localrule: True
    conda:
        "../../envs/study.yaml"
    params:
        code=fingerprint("analysis.tables"),
        reported=lambda wildcards: VALUES,
        folder=subpath(output[0], parent=True),
    shell:
        "python -m mlpstudy tabulate --study {input.study} --reported {params.reported:q}"
        " --output {params.folder} 2> {log}"


rule probe_saturation:
    input:
        study=rules.write_plan.output.study,
        # Its times do not matter: study.json has its checksum.
        data=ancient(rules.prepare_dataset.output),
    output:
        tables("saturation", "saturation_layers", "saturation_bins"),
    log:
        "<results>/logs/probe_saturation.log",
    localrule: True
    conda:
        "../../envs/study.yaml"
    params:
        code=fingerprint("analysis.saturation"),
        data=lambda wildcards, input: Path(input.data[0]).parent,
        folder=subpath(output[0], parent=True),
    shell:
        "python -m mlpstudy probe --study {input.study} --data {params.data}"
        " --output {params.folder} --threads {threads} 2> {log}"


rule audit_report:
    input:
        study=rules.write_plan.output.study,
        reported=of_report("values", "statements"),
        # Data of the package: the fingerprint of its code does not cover it.
        checks=os.path.relpath(Path(PACKAGES, "mlpstudy/audit/checks.yaml")),
        tables="<results>/tables/sensitivity.csv",
    output:
        audit=tables("audit"),
    log:
        "<results>/logs/audit_report.log",
    localrule: True
    conda:
        "../../envs/study.yaml"
    params:
        code=fingerprint("audit.checks"),
        reported=lambda wildcards: REPORTED,
        tables=subpath(input.tables, parent=True),
    shell:
        "python -m mlpstudy audit --study {input.study} --reported {params.reported:q}"
        " --checks {input.checks:q} --tables {params.tables} --output {output.audit} 2> {log}"


rule contrast_runs:
    input:
        study=rules.write_plan.output.study,
        tables=multiext("<results>/tables/", "runs.csv", "timings.csv"),
        # The claims file itself, without its time: the cells that claims compare are a parameter,
        # and nothing else in a claim matters here. As an output of another job, it would hide a
        # change of the parameter.
        claims=ancient(CLAIMS),
        reported=of_report("values"),
    output:
        contrasts=tables("contrasts"),
    log:
        "<results>/logs/contrast_runs.log",
    localrule: True
    conda:
        "../../envs/study.yaml"
    params:
        code=fingerprint("analysis.contrasts"),
        compared=sorted(set(compared_cells(PLAN.claims.listed()))),
        reported=lambda wildcards: VALUES,
        tables=lambda wildcards, input: Path(input.tables[0]).parent,
    shell:
        "python -m mlpstudy contrast --study {input.study} --reported {params.reported:q}"
        " --tables {params.tables} --output {output.contrasts} {input.claims:q} 2> {log}"


rule judge_claims:
    input:
        study=rules.write_plan.output.study,
        tables=multiext("<results>/tables/", "runs.csv", "history.csv"),
        claims=rules.write_claims.output.claims,
    output:
        claims=tables("claims"),
    log:
        "<results>/logs/judge_claims.log",
    localrule: True
    conda:
        "../../envs/study.yaml"
    params:
        code=fingerprint("claims.judging"),
        tables=lambda wildcards, input: Path(input.tables[0]).parent,
    shell:
        "python -m mlpstudy judge --study {input.study} --tables {params.tables}"
        " --output {output.claims} {input.claims:q} 2> {log}"
