"""Untrusted text is judged in processes with limits of time and memory, shared by all tasks that do so."""
