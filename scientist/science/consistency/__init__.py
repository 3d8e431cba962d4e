"""Consistency: what is asserted, held against everything else that is."""
