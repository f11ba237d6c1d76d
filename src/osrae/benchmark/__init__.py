"""The grid of experiments: data, method, preset, seed; its results, tables and figures."""
