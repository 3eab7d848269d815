"""What figures have in common: style, arms, panels, legends, files."""
