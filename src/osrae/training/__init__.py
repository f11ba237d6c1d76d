"""What every deep method shares: the loop and what it stands on."""
