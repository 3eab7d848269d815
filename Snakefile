# Plain `snakemake` runs workflow/Snakefile. (An `include` alone would run nothing and exit 0.)
if not workflow.configfiles:

    # Loaded only when no study was given: Snakemake would merge two files.
    configfile: "config/config.yaml"


module study:
    snakefile:
        "workflow/Snakefile"
    config:
        config


use rule * from study


# Hooks of a module are not run by themselves.
onstart:
    study.onstart()
