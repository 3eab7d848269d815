# Training and evaluation of each run: one job where both take one process on a CPU, which then starts torch once; two jobs
# where they differ in GPUs. No input is `ancient()`: Snakemake 9 then drops jobs whose outputs are missing while such an
# input is made again, and exits 0. A needless rerun of `train` is cheap: the trainer finds its finished state, checks that
# config and inputs are the same by hash, and publishes its records again.


rule train:
    input:
        prompts=train_prompts,
        benchmarks=evaluated_benchmarks,
        model=base_model,
        store=STORE,
    output:
        EVALUATED if EVALUATES_AT_ONCE else [],
        config=PATHS.run("{run}").config,
        steps=PATHS.run("{run}").steps,
        groups=PATHS.run("{run}").groups,
        rounds=PATHS.run("{run}").rounds,
        manifest=PATHS.run("{run}").manifest,
        weights=directory(PATHS.run("{run}").folder / "weights"),
    log:
        f"{LOGS}/train/{{run}}.log",
    benchmark:
        f"{BENCHMARKS}/train/{{run}}.tsv"
    priority: cost
    conda:
        ENVIRONMENT
    threads: lambda wildcards: TRAINING[wildcards.run].threads
    resources:
        gpu=lambda wildcards: TRAINING[wildcards.run].gpu,
        mem_mb=lambda wildcards: 1000 * TRAINING[wildcards.run].mem_gib,
        runtime=lambda wildcards: TRAINING[wildcards.run].runtime_min,
    params:
        study=STUDY_FILE,
        config=run_digest,
        options="--evaluate" if EVALUATES_AT_ONCE else "",
    shell:
        "OMP_NUM_THREADS={threads} knapsack-rl train --study {params.study:q} --run {wildcards.run:q} {params.options}"
        " > {log:q} 2>&1"


if not EVALUATES_AT_ONCE:

    rule evaluate:
        input:
            probe_prompts,
            benchmarks=benchmarks,
            steps=PATHS.run("{run}").steps,
            weights=PATHS.run("{run}").folder / "weights",
        output:
            EVALUATED,
        log:
            f"{LOGS}/evaluate/{{run}}.log",
        benchmark:
            f"{BENCHMARKS}/evaluate/{{run}}.tsv"
        conda:
            ENVIRONMENT
        threads: lambda wildcards: EVALUATION[wildcards.run].threads
        resources:
            gpu=lambda wildcards: EVALUATION[wildcards.run].gpu,
            mem_mb=lambda wildcards: 1000 * EVALUATION[wildcards.run].mem_gib,
            runtime=lambda wildcards: EVALUATION[wildcards.run].runtime_min,
        params:
            study=STUDY_FILE,
            config=run_digest,
        shell:
            "OMP_NUM_THREADS={threads} knapsack-rl evaluate --study {params.study:q} --run {wildcards.run:q}"
            " > {log:q} 2>&1"
