"""The workflow as a user runs it."""
