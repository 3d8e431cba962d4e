"""What makes a result count: sealed protocols, computed statistics, verdicts by rule.

`protocol` plans and seals, `stream` shares one error budget (`online`) among all tests, `power`
says how many pairs, `judge` applies the rule with `statistics` and `evalue`, `integrity` looks
for what departs from the seal. `statement` and `claims` put results into words and take words
apart again; `belief` folds findings into credences, `calibration` scores them.
"""

from scientist.science import judge, protocol, statement, statistics

__all__ = ["judge", "protocol", "statement", "statistics"]
