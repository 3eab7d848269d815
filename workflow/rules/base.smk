# The check of what a study needs from outside, problem sets, base models.


localrules:
    check_study,
    prepare_data,
    fetch_model,


rule check_study:
    output:
        PATHS.checked,
    log:
        f"{LOGS}/check_study.log",
    benchmark:
        f"{BENCHMARKS}/check_study.tsv"
    priority: 100
    conda:
        ENVIRONMENT
    params:
        # Not the whole study: a change that needs nothing new (another seed) is no reason to check, prepare and publish
        # everything again.
        study=STUDY_FILE,
        needs=digest(needs_json(STUDY)),
        options=CHECK_OPTIONS,
    shell:
        "knapsack-rl check {params.study:q} {params.options} --output {output:q} > {log:q} 2>&1"


rule prepare_data:
    input:
        CHECKED,
    output:
        PROMPTS,
    log:
        f"{LOGS}/prepare_data.log",
    benchmark:
        f"{BENCHMARKS}/prepare_data.tsv"
    conda:
        ENVIRONMENT
    params:
        study=STUDY_FILE,
        tasks=[digest(compact_json(task)) for task in problem_sets(RUNS).values()],
        code_version=STUDY.code_version,
    shell:
        "knapsack-rl prepare --study {params.study:q} > {log:q} 2>&1"


rule base_model:
    output:
        weights=PATHS.model("{model}") / "model.safetensors",
        config=PATHS.model("{model}") / "config.json",
        tokenizer=PATHS.model("{model}") / "tokenizer.json",
    log:
        f"{LOGS}/base_model/{{model}}.log",
    benchmark:
        f"{BENCHMARKS}/base_model/{{model}}.tsv"
    wildcard_constraints:
        model=one_of(BASE_MODELS),
    priority: 10
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem="2GB",
        runtime=60,
    params:
        folder=lambda wildcards: PATHS.model(wildcards.model),
        study=STUDY_FILE,
        task=task_digest,
        build=build_digest,
        code_version=STUDY.code_version,
    shell:
        "OMP_NUM_THREADS={threads} knapsack-rl pretrain --study {params.study:q} --model {wildcards.model:q}"
        " --output {params.folder:q} > {log:q} 2>&1"


# The weights are no declared outputs: Snakemake deletes those of a failed job, and a broken-off download is to continue.
rule fetch_model:
    input:
        CHECKED,
    output:
        config=ensure(PATHS.model("{model}") / "config.json", non_empty=True),
        receipt=ensure(PATHS.model("{model}") / "fetched.json", non_empty=True),
    log:
        f"{LOGS}/fetch_model/{{model}}.log",
    benchmark:
        f"{BENCHMARKS}/fetch_model/{{model}}.tsv"
    wildcard_constraints:
        model=one_of(name for name, model in STUDY.models.items() if model.hub),
    priority: 10
    retries: 1
    conda:
        ENVIRONMENT
    params:
        hub=lambda wildcards: STUDY.models[wildcards.model].hub,
        revision=lambda wildcards: STUDY.models[wildcards.model].revision,
        folder=lambda wildcards: PATHS.model(wildcards.model),
    shell:
        "knapsack-rl fetch {params.hub:q} {params.revision:q} --output {params.folder:q} > {log:q} 2>&1"


rule dequantise_model:
    input:
        CHECKED,
    output:
        weights=PATHS.model("{model}") / "model.safetensors",
        config=PATHS.model("{model}") / "config.json",
        tokenizer=PATHS.model("{model}") / "tokenizer.json",
        receipt=PATHS.model("{model}") / "dequantised.json",
    log:
        f"{LOGS}/dequantise_model/{{model}}.log",
    benchmark:
        f"{BENCHMARKS}/dequantise_model/{{model}}.tsv"
    wildcard_constraints:
        model=one_of(name for name, model in STUDY.models.items() if model.gguf),
    priority: 10
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem="8GB",
        runtime=30,
    params:
        gguf=lambda wildcards: STUDY.models[wildcards.model].gguf,
        folder=lambda wildcards: PATHS.model(wildcards.model),
    shell:
        "OMP_NUM_THREADS={threads} knapsack-rl dequantise {params.gguf:q} --output {params.folder:q} > {log:q} 2>&1"
