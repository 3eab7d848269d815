# Training and evaluation, one job each per run. No input is `ancient()`: Snakemake 9 then drops jobs whose outputs are
# missing while such an input is made again, and exits 0. A needless rerun of `train` is cheap: the trainer finds its
# finished state, checks that config and inputs are the same by hash, and publishes its records again.


rule train:
    input:
        prompts=PATHS.train_prompts,
        model=base_model,
        store=STORE,
    output:
        config=PATHS.run("{run}").folder / "config.json",
        steps=PATHS.run("{run}").folder / "steps.parquet",
        groups=PATHS.run("{run}").folder / "groups.parquet",
        manifest=PATHS.run("{run}").folder / "manifest.json",
        weights=directory(PATHS.run("{run}").folder / "weights"),
    log:
        f"{LOGS}/train/{{run}}.log",
    benchmark:
        f"{BENCHMARKS}/train/{{run}}.tsv"
    priority: cost
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem="3GB",
        runtime=24 * 60,
    params:
        config=run_json,
    shell:
        "OMP_NUM_THREADS={threads} knapsack-rl train --config {params.config:q} > {log:q} 2>&1"


rule evaluate:
    input:
        benchmarks=PATHS.benchmarks,
        steps=PATHS.run("{run}").folder / "steps.parquet",
        weights=PATHS.run("{run}").folder / "weights",
    output:
        PATHS.run("{run}").evals,
    log:
        f"{LOGS}/evaluate/{{run}}.log",
    benchmark:
        f"{BENCHMARKS}/evaluate/{{run}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem="3GB",
        runtime=4 * 60,
    params:
        config=run_json,
    shell:
        "OMP_NUM_THREADS={threads} knapsack-rl evaluate --config {params.config:q} > {log:q} 2>&1"
