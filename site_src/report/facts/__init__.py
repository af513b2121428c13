"""What the pages say: one file a subject, macros that read cards and metrics files."""
