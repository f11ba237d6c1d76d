"""The benchmark's data."""
