"""The words a claim may be made of, each with the kind of token it is in the grammar.

A word that is not here could change what a number means, so a clause that has one is not bound.
Neutral words are dropped; banned ones claim what no run can show, and say so.
"""

from __future__ import annotations

_NEUTRAL = """
    the a an its their his this that these those such our we i us also thus therefore hence so
    moreover furthermore however indeed finally here there now then as
    find finds found see seen sees show shows shown showed indicate indicates indicated suggest
    suggests suggested report reports reported observe observes observed measure measures measured
    record records recorded conclude concludes concluded note notes noted state states stated
    according result results outcome evidence data value values score scores
    finding experiment experiments study analysis sealed claim prediction hypothesis question
    learner learners method methods model models condition group arm variant strategy
    paired pairwise matched respective own run estimate estimated
    which who whose what do does did done been being be just only namely left came
    test tests tested testing used uses use based agent workspace campaign report summary
    ended called call runs goes given get perform performs performed one
    """

_KINDS: dict[str, str] = {
    "OF": "of|out of|about",
    "FOR": "for",
    "IN": "in|on|regarding|concerning|when measured by|in terms of",
    "AT": "at",
    "WITH": "with|using|by using|when",
    "UNDER": "under",
    "BY": "by",
    "FROM": "from",
    "TO": "to",
    "OVER": "over|across|based on|among",
    "BETWEEN": "between",
    "THAN": "than|than it is|than it was|than they are|than they were",
    "VS": "versus|vs|vs.|against|compared with|compared to|when compared with|relative to"
    "|in comparison with|in comparison to|as opposed to|instead of|rather than|as against"
    "|in place of",
    "REPLACED": "replaced by|replaced with",
    "COMPARE": "comparing|compare|compares|compared|comparison of|comparison between"
    "|comparison|test of",
    "AND": "and|&|as well as|plus",
    "BUT": "but|while|whereas|although|though|yet",
    "BE": "is|was|are|were|equals|equal to|equalled|equaled|came to|comes to|comes out at"
    "|came out at|came out|comes out|amounts to|amounted to|stood at|stands at|turned out to be"
    "|remains|remained",
    "HAVE": "had|has|have|having|reached|reaches|achieved|achieves|got|gets|gave|gives|yielded"
    "|yields|produced|produces|scored|attained|obtained|led to|leads to|brought|brought about"
    "|brings about"
    "|resulted in|made|makes|takes|took|brings|moves|moved|varied with|varies with|rests on"
    "|went into|stand behind|stands behind|associated with|linked to|were part of|was part of",
    "AVERAGE": "averaged|averages",
    "GO": "going|moving|switching|changing|go|move|switch",
    "MATTERS": "matters|matter",
    "RANGE": "ranged|ranges|runs|ran|lies|lay|spans|spanned|extends|extended|went|goes",
    "NOT": "not|no|didn't|doesn't|wasn't|isn't",
    "UP": "raised|raises|raise|raising|increased|increases|increase|increasing|rose|rises|rise"
    "|grew|grows|growth|went up|climbed|elevated|elevates",
    "DOWN": "lowered|lowers|lowering|reduced|reduces|reduce|reducing|reduction|decreased"
    "|decreases|decrease|decreasing|cut|cuts|cutting|fell|falls|fall|dropped|drops|drop"
    "|declined|declines|decline|shrank|shrinks|went down|brought down",
    "HIGH": "higher|larger|greater|bigger|more",
    "LOW": "lower|smaller|less|fewer",
    "HIGHEST": "highest|largest|greatest|most",
    "LOWEST": "lowest|least|fewest",
    "BETTER": "better|improved|improves|improve|improving|improvement",
    "WORSE": "worse|worsened|worsens|worsen|harmed|harms|hurt|hurts|deteriorated|degraded",
    "BEST": "best",
    "WORST": "worst",
    "BEAT": "beat|beats|outperformed|outperforms|outperform|surpassed|surpasses|outdid",
    "LOSE": "lost to|loses to|underperformed|underperforms|trailed|trails",
    "WON": "won|wins|win",
    "SAME": "the same|same|identical|unchanged|equal|equally|equivalent",
    "DIFFER": "differ|differs|differed|different",
    "DIFF": "difference|differences",
    "GAP": "gap|distance",
    "EFFECT": "effect|change in|change",
    "MINUS": "minus",
    "MEAN": "mean|average|on average|the mean|in the mean|m",
    "MEDIAN": "median|at the median",
    "MIN": "minimum|lowest single",
    "MAX": "maximum|highest single",
    "SD": "standard deviation|standard deviations|sd|s.d.|s.d",
    "P": "p value|p-value|p-values|p",
    "OVERALL": "overall",
    "ADJUSTED": "adjusted|corrected",
    "N": "n",
    "D": "d|dz|d_z|d z|cohen's d|standardized effect|standardised effect|standardized effect size"
    "|standardised effect size|effect size|standardized mean difference",
    "E": "e|e value|e-value",
    "CI": "interval|confidence interval|ci|bootstrap interval|confidence limits",
    "BCA": "bca|bootstrap|bias-corrected",
    "CONFIDENCE": "confidence|confidence level",
    "EXCLUDE": "excludes|excluded|exclude",
    "INCLUDE": "includes|included|include|contains|contained|covers|covered",
    "PAIRS": "pairs|pair|seeds|paired seeds|seed pairs|matched pairs|comparisons",
    "PLANNED": "planned|scheduled",
    "SEED": "seed",
    "TRIALS": "trials|trial|measured trials",
    "ARMS": "arms|learners|conditions",
    "ALPHA": "alpha",
    "LEVEL": "level|test level|significance level",
    "SMALLEST": "smallest effect of interest|smallest effect that matters|smallest effect"
    "|smallest of interest|smallest relevant effect",
    "VERDICT": "supported|supports|refuted|refutes|inconclusive|infeasible",
    "VERDICTNOUN": "verdict|verdicts",
    "CONFIRMED": "confirmed",
    "SIG": "significant|significantly|statistically significant|statistically significantly",
    "EXPLORED": "exploratory|explored|in an exploratory comparison",
    "ALL": "all|every|each",
    "TREATMENT": "treatment|the treatment",
    "CONTROL": "control|baseline",
    "IT": "it|they",
    "DOUBLE": "doubled|doubles|double|doubling",
    "HALVE": "halved|halves|halving",
    "ASMUCH": "as high as|as large as|as low as|as small as|as much as|as many as|as much|as many"
    "|as high|as large|that of|those of",
    "DEFAULT": "default setting|default settings|default|defaults|default parameters",
    "SET": "set to|fixed at|set at",
    "RESPECTIVELY": "respectively",
    "BECAUSE": "because",
    "FIRSTRUN": "first run|first attempt",
}
_MARKS = {
    "(": "OPEN", "[": "OPEN", ")": "CLOSE", "]": "CLOSE", ",": "COMMA", ";": "SEMI", ":": "COLON",
    "=": "EQ", "–": "DASH", "—": "DASH", "-": "DASH", "−": "DASH", "/": "SLASH", "±": "PLUSMINUS",
    "<": "LESS", ">": "MORE", "%": "PERCENT",
}  # fmt: skip
GENERAL = "no finite set of runs can show this"
_BANNED = {
    GENERAL: "always never everywhere invariably universally "
    "generally in-general any whatever regardless any-seed none nobody everyone",
    "no rule decides this word": "robust robustly robustness reliable reliably consistent "
    "consistently substantial substantially dramatic dramatically slight slightly considerable "
    "considerably strong strongly clear clearly marked markedly huge hugely tiny large small far "
    "much vast vastly massive massively notable notably optimal superior inferior negligible "
    "minor major remarkable remarkably impressive impressively excellent perfect perfectly poor "
    "good bad great comparable similar similarly roughly-equal trivial meaningful",
    "a comparison of arms shows no proof and no cause beyond itself": "prove proves proved proof "
    "cause causes caused causal guarantee guarantees guaranteed must cannot certain certainly "
    "undoubtedly definitely necessarily explains explained",
    "only what was measured can be bound": "may might could would should will likely probably "
    "perhaps possibly expect expects expected predict predicts predicted",
}

VOCABULARY: dict[str, str] = {
    phrase: kind for kind, phrases in _KINDS.items() for phrase in phrases.split("|")
}
MARKS = _MARKS
BANNED: dict[str, str] = {
    word.replace("-", " "): reason for reason, words in _BANNED.items() for word in words.split()
}
MOST_WORDS = max(len(phrase.split()) for phrase in VOCABULARY)

# the tokens that claim something by themselves, number or not
_COMPARATIVE = (
    "UP DOWN HIGH LOW HIGHEST LOWEST BETTER WORSE BEST WORST BEAT LOSE WON SAME DIFFER SIG "
    "VERDICT CONFIRMED DOUBLE HALVE EXCLUDE INCLUDE"
)
COMPARATIVE = frozenset(_COMPARATIVE.split())
NEUTRAL = frozenset(_NEUTRAL.split())
