"""The questions a study answers, one file each: its table and its figure."""
