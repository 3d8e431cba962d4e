"""Conversations: a model that answers with evidence, and code that checks what it says."""
