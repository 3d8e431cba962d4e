"""What can be found by meaning: passages and findings in Chroma, a mirror of the journal."""
