"""Data sets behind one interface."""
