"""The input pipeline as data, and its interpreter."""
