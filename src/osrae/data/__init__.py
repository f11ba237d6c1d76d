"""What users bring → what networks see, and back."""
