"""What makes a result count: sealed protocols, computed statistics, verdicts by rule."""
