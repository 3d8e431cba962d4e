"""What a sceptic can do with the record: run it again, and hold it against itself."""
