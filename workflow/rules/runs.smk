# Training and evaluation, one job each per run.


rule train:
    input:
        prompts=ancient(PATHS.train_prompts),
        model=ancient(base_model),
        store=ancient(STORE),
    output:
        config=PATHS.run("{run}").folder / "config.json",
        steps=PATHS.run("{run}").folder / "steps.parquet",
        groups=PATHS.run("{run}").folder / "groups.parquet",
        manifest=PATHS.run("{run}").folder / "manifest.json",
        weights=directory(PATHS.run("{run}").folder / "weights"),
    log:
        f"{LOGS}/train/{{run}}.log",
    conda:
        "knapsack-rl"
    threads: 1
    resources:
        mem="3GB",
        runtime=24 * 60,
    params:
        config=run_json,
    priority: cost
    shell:
        "OMP_NUM_THREADS={threads} knapsack-rl train --config {params.config:q} > {log:q} 2>&1"


rule evaluate:
    input:
        benchmarks=ancient(PATHS.benchmarks),
        steps=PATHS.run("{run}").folder / "steps.parquet",
        weights=PATHS.run("{run}").folder / "weights",
    output:
        PATHS.run("{run}").evals,
    log:
        f"{LOGS}/evaluate/{{run}}.log",
    conda:
        "knapsack-rl"
    threads: 1
    resources:
        mem="3GB",
        runtime=4 * 60,
    params:
        config=run_json,
    shell:
        "OMP_NUM_THREADS={threads} knapsack-rl evaluate --config {params.config:q} > {log:q} 2>&1"
