# One job per condition, model, fold and block of replicates.


rule train:
    input:
        data_of_job,
    output:
        multiext(
            "<run>/",
            *("spec.json", "metrics.csv", "timings.csv", "history.csv"),
            *("predictions.npz", "weights.safetensors", "machine.json"),
        ),
    log:
        "<results>/logs/train/{condition}/{model}/fold-{fold}/replicates-{first}-{last}.log",
    # The longest jobs first, so that no core waits at the end for one that started last.
    priority: lambda wildcards: PLAN.cost(job_key(wildcards))
    # The profile of a cluster may send several of these together: --group-components short=10.
    group:
        job_group
    conda:
        "../../envs/study.yaml"
    threads: 1
    resources:
        # A second attempt gets more, in case the first ran out of memory or time.
        mem_mb=lambda wildcards, attempt: (
            attempt * resources.megabytes(job_of(wildcards), gpu=DEVICE == "cuda")
        ),
        runtime=lambda wildcards, attempt: attempt * resources.minutes(job_of(wildcards)),
        # Not a parameter, as another device is no reason to train again. For the same reason the
        # command below has one text for all devices: Snakemake compares it too.
        device=DEVICE,
        gpu=job_gpus,
    params:
        # All that the results depend on, as canonical JSON.
        identity=lambda wildcards: job_of(wildcards).identity(),
        data=subpath(input[0], parent=True),
        folder=subpath(output[0], parent=True),
    shell:
        "python -m mlpstudy train --job {params.identity:q} --data {params.data}"
        " --output {params.folder} --device {resources.device} --threads {threads} 2> {log}"
