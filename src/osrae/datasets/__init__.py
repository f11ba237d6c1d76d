"""The benchmark's data: where it lies, how it is read, the class distributions."""
