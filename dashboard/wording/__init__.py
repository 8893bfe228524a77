"""Text that several pages use: harmless markdown, lists, and what is said beside a figure."""
