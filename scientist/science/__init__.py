"""What makes a result count: sealed protocols, computed statistics, verdicts by rule.

`protocol` plans and seals, `judge` applies the rule with `statistics`, `statement`
puts the result into words.
"""

from scientist.science import judge, protocol, statement, statistics

__all__ = ["judge", "protocol", "statement", "statistics"]
