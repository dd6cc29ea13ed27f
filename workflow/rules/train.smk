# One job a condition, model, fold and block of replicates.


rule train:
    input:
        data_of_job,
    output:
        multiext(
            "<run>/",
            *("spec.json", "metrics.csv", "timings.csv", "history.csv"),
            *("predictions.npz", "weights.safetensors"),
        ),
    log:
        "<results>/logs/train/{condition}/{model}/fold-{fold}/replicates-{first}-{last}.log",
    # The longest jobs first, so that at the end no core waits for one that started last.
    priority: lambda wildcards: PLAN.cost(job_key(wildcards))
    # A cluster's profile may have several of these go together: --group-components short=10.
    group:
        job_group
    conda:
        "../../envs/study.yaml"
    threads: 1
    resources:
        # In case of a retry for want of memory or time.
        mem_mb=lambda wildcards, attempt: attempt * job_megabytes(wildcards),
        runtime=lambda wildcards, attempt: attempt * job_minutes(wildcards),
        # No parameter: another device is no reason to train again. Nor is it an option of its own
        # below: Snakemake runs everything again whose command reads otherwise than it did.
        device=DEVICE,
        gpu=job_gpus,
    params:
        identity=job_identity,
        data=subpath(input[0], parent=True),
        folder=subpath(output[0], parent=True),
    shell:
        "python -m mlpstudy train --job {params.identity:q} --data {params.data}"
        " --output {params.folder} --device {resources.device} --threads {threads} 2> {log}"
