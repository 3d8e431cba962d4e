"""Everything between a prompt file and a typed answer: endpoint, server, client."""
