# Plain `snakemake` runs workflow/Snakefile. (An `include` alone would run nothing and exit 0.)
from knapsack_rl.config.yaml_file import readable_or_exit

if not workflow.configfiles:

    # Loaded only when no study was given: Snakemake would merge two files.
    configfile: readable_or_exit("config/config.yaml")


module study:
    snakefile:
        "workflow/Snakefile"
    config:
        config


use rule * from study


# Hooks of a module are not run by themselves.
onstart:
    study.onstart()


onsuccess:
    study.onsuccess()
