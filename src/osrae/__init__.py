"""Classification with rare classes."""
__version__ = "0.1.0"
