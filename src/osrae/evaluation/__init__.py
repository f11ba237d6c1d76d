"""How well a method does: metrics and plots. Knows no method."""
