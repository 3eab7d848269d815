# MLflow: one rule makes the store before any training (two processes creating it race), one makes it equal to the records.


rule mlflow_store:
    output:
        STORE,
    log:
        f"{LOGS}/mlflow_store.log",
    benchmark:
        f"{BENCHMARKS}/mlflow_store.tsv"
    priority: 100
    conda:
        ENVIRONMENT
    params:
        name=STUDY.name,
    shell:
        "(knapsack-rl mlflow-init {params.name:q} && date -u +%FT%TZ > {output:q}) > {log:q} 2>&1"


rule mlflow_sync:
    input:
        steps=ALL_STEPS,
        evals=ALL_EVALS,
        tables=ALL_TABLES,
        figures=ALL_FIGURES,
        report=REPORT,
        store=STORE,
    output:
        RECEIPT,
    log:
        f"{LOGS}/mlflow_sync.log",
    benchmark:
        f"{BENCHMARKS}/mlflow_sync.tsv"
    conda:
        ENVIRONMENT
    params:
        study=STUDY_FILE,
        digest=STUDY_DIGEST,
    shell:
        "knapsack-rl mlflow-sync --study {params.study:q} > {log:q} 2>&1"
