"""One allocation rule per file. Each is a frozen dataclass; its fields are its options."""
