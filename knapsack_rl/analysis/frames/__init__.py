"""Records of a study as tidy data frames: schemas, collecting, reading back."""
