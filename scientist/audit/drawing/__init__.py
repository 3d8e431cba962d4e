"""Plots as SVG text and as lines of a terminal: what commands and reports draw with."""
