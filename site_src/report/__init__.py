"""This report: its facts, figures and samples."""
