"""Standing explanations: what a report says of every record alike, word for word.

They measure nothing, so `bind` asks for no address where one of them stands as it is here;
a changed one is read like any other text. What differs from record to record is never said here.
"""

from __future__ import annotations

NO_QUESTION = "No question was asked; the campaign explored what the essays suggest."
NO_ANSWER = "Nothing that was found answers it."
TAKEN_FOR_ANSWER = (
    "That this answers the question is the model's reading of both; the verdict is not the model's."
)
UNDECIDED = "So the question is not decided."
GIVEN = (
    "The hypothesis was given by a person. No model was asked for one, and it may quote no essay."
)
UNFINISHED = (
    "This campaign has no end on record. It is running or was interrupted, and more findings may "
    "follow; what stands here is what the record holds so far."
)
NOTHING_FOUND = (
    "Nothing was found: no hypothesis of this campaign came as far as a verdict. Below stands why."
)
NOTHING_PROPOSED = "No hypothesis passed the checks, so nothing was planned or measured."
READING = (
    "How to read the numbers: an effect is the mean of treatment minus control over pairs of "
    "trials that share a seed. Its interval says how far chance alone may have moved it. The raw p "
    "is that of one test by itself. The adjusted p is the smallest rate of false discoveries at "
    "which the finding would still count as one, given every test of the workspace."
)
VERDICTS = (
    "Code decided each verdict, by a rule that was sealed before the first measured trial; the "
    "model had no say in it. Supported: the interval lies beyond zero on the predicted side, the p "
    "is within the level of the test, the effect is at least the smallest one of interest, and a "
    "second run on fresh seeds says the same. Refuted: the interval lies below the smallest effect "
    "of interest, so the effect is too small to matter or goes the other way. Inconclusive: "
    "neither. Infeasible: it could not be tested as planned. The last two are no evidence against "
    "a hypothesis."
)
BUDGET = (
    "Error budget: all tests of the workspace, those that failed or were given up included, share "
    "one budget. Alpha is the expected share of false ones among all that were called supported; "
    "the level is the part of it that one test might spend. A refutation is no discovery, so alpha "
    "is the chance of a false one by itself. With many findings, some are expected to be wrong."
)
CODE = (
    "Who wrote the code of an experiment: kit is a shipped and reviewed experiment family, adapted "
    "is a kit with one arm by the model, free is an experiment by the model alone, own is code "
    "that a person gave. Code of a model passed the checks that are automatic; no person reviewed "
    "it unless the record says so."
)
EXPLORATORY = (
    "Measured along and exploratory: these comparisons were not the sealed one. Their p is "
    "corrected for their number within the run, they decide nothing, and each would need a test of "
    "its own."
)
CONFIRMED = (
    "A first run that supports is tested again on fresh seeds. The finding carries the numbers of "
    "the second run, which nobody selected."
)
MARKS = (
    "Every seed of every arm: each mark is one trial, from the lowest value on the left to the "
    "highest on the right; the upright stroke is the mean of the arm."
)
NO_TRIALS = "Nothing was measured that counts, so there is nothing to draw."
CREDENCES = (
    "A credence is how likely a hypothesis is held to be. The model stated it once, or it was set "
    "to even odds; from then on findings alone moved it, by Bayes factors that no single run may "
    "carry far."
)
NO_CREDENCE = "No credence was moved by this campaign."
NO_CONFLICT = "No claims that are held were found to exclude each other."
OPEN_CONFLICT = (
    "Warning: claims below cannot all hold, and nothing on record has decided between them yet. Do "
    "not rely on any of them before that."
)
UNRECORDED_CONFLICT = (
    "Warning: claims of this workspace exclude each other in a way that is not on record yet. To "
    "see it: scientist check. To put it on record and mend it: scientist check --mend."
)
ELSEWHERE_CONFLICT = (
    "Other claims of this workspace, outside of this campaign, exclude each other as well: "
    "scientist check"
)
NO_COST = "No model was asked."
COST = (
    "Tokens are as the server counted them; cached ones were read before and cost it little. "
    "Trials count those of smoke runs as well. Active seconds leave out what passed between an "
    "interruption and the resume; those of experiments leave out the time in which the model was "
    "asked meanwhile."
)
NOT_TESTED = "Proposed and left untested:"
REJECTED = "Proposals of the model that did not pass the checks, by the reason:"
GIVEN_UP = "No code passed the checks for these:"
DECLINED = "The user was shown the plan and the code of these and did not want them run:"
NO_RUN = "These were refused before they were measured, or could not be measured as sealed:"
ALL_WENT = "Nothing was infeasible, declined or given up."
EXPLAINED = "What the program noted on findings that were passed over and on surprises:"
WEAKER = "Weaker than intended while this campaign ran; every result of it is to be read so:"
NOTHING_WEAKER = "Nothing weaker than intended was in use."
NO_LIMITS_STATED = (
    "The code of some experiments states no limits of its own; what it measures is only what it "
    "computes."
)
SMALL_WORLDS = (
    "Each finding holds in the small world of its experiment, with the arms, the metric and the "
    "settings that were sealed. It says what that code does. Whether the essays are right about "
    "the world outside is another question, which no run here can answer."
)
WORDING = (
    "The quotes show where a hypothesis came from; whether the experiment measures what an essay "
    "means is a judgement that a reader must make."
)
SEARCHED = (
    "The campaign chose what to test by novelty, by expected information and by open conflicts, so "
    "its findings are no fair sample of all that could be asked."
)
EXCHANGEABLE = (
    "The p-values assume that, without an effect, a difference within a pair is as likely to have "
    "either sign. For strongly skewed differences they reject too often."
)
MODEL = (
    "The model proposed hypotheses, wrote reasons and perhaps code. Its reasons stand here as "
    "quotations and are evidence of nothing."
)
SANDBOX = (
    "Experiments ran in the sandbox of the tier that is named with each: A cuts code off from "
    "network, files and other processes, B (reduced) holds the essential attacks alone, none "
    "(unsafe) means that code ran without any sandbox."
)
VERIFY = (
    "This report is a view of the record. With the workspace folder at hand, these commands test "
    "it: that no byte of the record was changed, that every finding follows from its raw trials, "
    "that no claims exclude each other, that an experiment gives the same numbers again, and that "
    "every number of this page stands in the record. Later tests move the adjusted p and the "
    "credences; the last command makes this page anew."
)

TEXTS: tuple[str, ...] = tuple(
    text for name, text in sorted(globals().items()) if name.isupper() and isinstance(text, str)
)
