"""The scientist at work: the research graph and what its nodes work with."""
