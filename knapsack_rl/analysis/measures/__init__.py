"""What a run is measured by: one row per run, or per run and step."""
