"""What every room stands on: errors, files, metrics, progress."""
