"""Procedural problems of the package reasoning-gym: any of its sets as a task."""
