"""Essays: read from files, split into addressed sentences, quoted verbatim."""
