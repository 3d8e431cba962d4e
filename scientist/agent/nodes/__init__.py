"""The nodes of the research graph, one file each, in the order of the work."""
