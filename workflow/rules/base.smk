# Problem sets and base models.


rule prepare_data:
    output:
        train=PATHS.train_prompts,
        benchmarks=PATHS.benchmarks,
    log:
        f"{LOGS}/prepare_data.log",
    benchmark:
        f"{BENCHMARKS}/prepare_data.tsv"
    conda:
        ENVIRONMENT
    params:
        task=TASK_JSON,
        code_version=STUDY.code_version,
    shell:
        "knapsack-rl prepare --task {params.task:q} --train-prompts {output.train:q}"
        " --benchmarks {output.benchmarks:q} > {log:q} 2>&1"


rule base_model:
    output:
        weights=PATHS.model("{model}") / "model.safetensors",
        config=PATHS.model("{model}") / "config.json",
        tokenizer=PATHS.model("{model}") / "tokenizer.json",
    log:
        f"{LOGS}/base_model/{{model}}.log",
    benchmark:
        f"{BENCHMARKS}/base_model/{{model}}.tsv"
    priority: 10
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem="2GB",
        runtime=60,
    params:
        folder=lambda wildcards: PATHS.model(wildcards.model),
        task=TASK_JSON,
        build=build_json,
        code_version=STUDY.code_version,
    shell:
        "OMP_NUM_THREADS={threads} knapsack-rl pretrain --task {params.task:q} --build {params.build:q}"
        " --output {params.folder:q} > {log:q} 2>&1"
