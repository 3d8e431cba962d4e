"""The forms that a clause can have: patterns over the kinds of its tokens, read by `grammar`.

A pattern is written with kinds of tokens (ARM, UP, NUM) and says by the names of its groups what
each part means: `t` is the treatment, `c` the control, `m` the metric, `size` how far it moved.
ASIDES (an interval, n, a condition) may stand anywhere; a CORE is what is left, as a whole.
"""

from __future__ import annotations

# kinds that may stand for each other
CLASSES = {
    "A": "ARM IT TREATMENT CONTROL",
    "M": "METRIC IT",
    "L": "OF FOR IN AT WITH UNDER BY",
    "V": "BE HAVE EQ COLON AVERAGE",
    "DIR": "UP DOWN",
    "CHANGE": "UP DOWN BETTER WORSE",
    "COMP": "HIGH LOW BETTER WORSE",
    "CMP": "VS THAN",
    "STAT": "MEAN MEDIAN MIN MAX LOWEST HIGHEST",
    "SUPER": "HIGHEST LOWEST BEST WORST",
    "JOIN": "COMMA AND WITH SEMI",
    # what may surround a statistic without asserting anything
    "X": "ARM IT TREATMENT CONTROL METRIC OF FOR IN AT WITH UNDER BY VS THAN AND COMMA COMPARE "
    "EFFECT DIFF BETWEEN MEAN TO",
}
MACROS = {
    "{vs}": "( COMMA? CMP L? c:A m2:METRIC? COMMA? )",
    "{by}": "( BY size:NUM ( OPEN rel:NUM CLOSE )? )",
    "{shift}": "( COMMA? FROM start:NUM TO end:NUM )",
    "{move}": "neg:NOT? sig:SIG?",
    "{far}": "size:NUM? ( OPEN rel:NUM CLOSE )?",
}
_SHOWN = "JOIN* ( HAVE | L | OVER | FROM )?"
_ENDS = (
    "( OPEN low:NUM ( TO | COMMA ) high:NUM CLOSE | low:NUM ( TO | AND | COMMA | DASH ) high:NUM )"
)

# brackets stay: those that asides leave empty go afterwards
ASIDES = (
    "COMMA? BECAUSE reason:REASON",
    "best:SUPER keep:METRIC* ( OF | OVER ) ALL? arms:NUM? ARMS",
    "( COMMA | L | FROM | OVER )* ids:( ID ( ( COMMA | AND | COMMA AND | TO ) ID )* )"
    " ( COLON | COMMA )?",
    "COMMA? evenly:SAME IN ALL PAIRS",
    "( L | COMMA )? wins:NUM ( OF | SLASH ) of:NUM PAIRS ( COMMA | WITH against:A )?",
    "( L | COMMA )? of:NUM PAIRS COMMA wins:NUM",
    "( L | COMMA )? wins:NUM PAIRS OF of:NUM COMMA?",
    "( L | COMMA )? everyone:ALL of:NUM? PAIRS COMMA?",
    "JOIN* WITH? conf:NUM? BCA? ci:CI keep:X* neg:NOT? within:( EXCLUDE | INCLUDE ) zero:NUM",
    f"{_SHOWN} conf:NUM? BCA? ci:CI keep:X* ( V | OF | FROM | COMMA | RANGE | BETWEEN )* {_ENDS}",
    f"( BE | HAVE | RANGE )* ( BETWEEN | FROM | COMMA )? {_ENDS} OPEN conf:NUM BCA? ci:CI CLOSE",
    f"( BE | HAVE | RANGE )* ( BETWEEN | FROM | COMMA )? {_ENDS} COMMA? BE? conf:NUM BCA? ci:CI",
    "L? conf:NUM CONFIDENCE COMMA?",
    f"RANGE BETWEEN {_ENDS}",
    f"{_SHOWN} overall:OVERALL P keep:X* ( V | OF )* p:NUM",
    f"{_SHOWN} adjusted:ADJUSTED P keep:X* ( V | OF )* p:NUM",
    f"{_SHOWN} P keep:X* ( V | OF )* p:NUM",
    f"{_SHOWN} E keep:X* ( V | OF )* e:NUM",
    f"{_SHOWN} D keep:X* ( V | OF )* D? EQ? d:NUM",
    "JOIN* SMALLEST keep:X* V* smallest:NUM",
    "JOIN* EFFECT keep:X* MATTERS FROM smallest:NUM IN?",
    "( JOIN | AT | L )* ALPHA ( V | OF )* alpha:NUM",
    "( JOIN | AT | L )* LEVEL ( V | OF )* level:NUM",
    "AT alpha:NUM LEVEL",
    f"{_SHOWN} N ( V | OF )* n:NUM PAIRS?",
    "COMMA? AVERAGE? OVER PAIRS COMMA?",
    f"{_SHOWN} planned:NUM PLANNED PAIRS",
    f"{_SHOWN} n:NUM PAIRS ( OF TRIALS )?",
    f"{_SHOWN} trials:NUM TRIALS",
    f"{_SHOWN} arms:NUM ARMS",
    "( L | OVER | COMMA )* SEED seed:NUM COMMA?",
    "( L | JOIN )* par:PARAM EQ val:UNKNOWN",
    "( L | JOIN )* par:PARAM ( BE | EQ | COLON | OF | TO | AT | SET )* val:NUM COMMA?",
    "( L | JOIN )* val:NUM par:PARAM COMMA?",
    "( L | COMMA )* default:DEFAULT",
    "COMMA* explored:EXPLORED",
    "( COLON | COMMA | AND | DASH | SEMI )* VERDICTNOUN keep:X* V* neg:NOT?"
    " verdict:( VERDICT | CONFIRMED )",
    "( COLON | COMMA | AND | DASH | SEMI )* ( BE | HAVE )* neg:NOT?"
    " verdict:( VERDICT | CONFIRMED )",
    "OPEN neg:NOT? significant:SIG CLOSE",
    "COMMA? BE neg:NOT? significant:SIG (?! CHANGE | COMP | DIFFER )",
    "a:A OPEN ( MEAN EQ? )? value:NUM CLOSE",
    "keep:( HAVE COMP METRIC ) OPEN vt:NUM CLOSE",
    "OPEN stat:MEAN? vt:NUM CMP vc:NUM CLOSE",
    "OPEN FROM start:NUM TO end:NUM CLOSE",
    "COMMA ( MEAN? DIFF | EFFECT ) OF signed:NUM",
    "COMMA dir:DIR OF size:NUM ( OPEN rel:NUM CLOSE )?",
    "JOIN* HAVE? SD ( V | OF )* sd:NUM",
)

CORES = (
    # the treatment moves the metric
    "t:A {move} dir:CHANGE m:M {by}? {shift}? {vs}?",
    "t:A {move} dir:CHANGE m:M {vs} {by}",
    "t:A dir:CHANGE m:M sig:SIG {by}? {vs}?",
    "t:A {move} dir:CHANGE m:M {vs} {shift}",
    "CMP c:A COMMA? t:A {move} dir:CHANGE m:M {by}? {shift}?",
    "COMPARE? t:A CMP c:A dir:CHANGE m:M {by}? {shift}?",
    "t:A dir:CHANGE m:M TO end:NUM {vs}?",
    # the metric moves
    "m:METRIC? dir:DIR TO end:NUM L t:A",
    "m:M BE? {move} dir:DIR {by}? {shift}? L t:A {vs}?",
    "m:M BE? {move} dir:DIR L t:A {vs} {by}?",
    "m:M BE? {move} dir:DIR {by}? {shift}?",
    "L t:A COMMA? m:M BE? {move} dir:DIR {by}? {shift}? {vs}?",
    "CMP c:A COMMA? m:M BE? {move} dir:DIR {by}? {shift}? L t:A",
    "m:M dir:DIR FROM start:NUM L? c:A TO end:NUM L? t:A",
    "m:M RANGE FROM start:NUM L? c:A TO end:NUM L? t:A",
    # it is higher or lower
    "m:M BE {move} {far} dir:COMP L t:A {vs} {by}?",
    "m:M BE {move} dir:COMP {by} L t:A {vs}?",
    "m:M BE {move} {far} dir:COMP {vs} L t:A",
    "CMP c:A COMMA? m:M BE {move} {far} dir:COMP {by}? L t:A",
    "L t:A COMMA? m:M BE {move} {far} dir:COMP {vs} {by}?",
    "t:A m:M BE {move} {far} dir:COMP {vs} {by}?",
    "m:M OF t:A BE {move} {far} dir:COMP CMP ASMUCH? L? c:A m2:METRIC? {by}?",
    "t:A HAVE {move} {far} dir:COMP m:M {vs}? {by}?",
    "t:A HAVE {move} dir:COMP m:M {by} {vs}?",
    "t:A HAVE m:M {far} dir:COMP {vs}",
    "CMP c:A COMMA? t:A HAVE {move} {far} dir:COMP m:M {by}?",
    "t:A BE {move} {far} dir:COMP {vs} ( L m:M )? {by}?",
    "t:A BE {move} {far} dir:COMP L m:M {vs} {by}?",
    # a reduction, an increase
    "t:A HAVE {move} size:NUM dir:CHANGE L m:M {vs}?",
    "t:A HAVE {move} dir:CHANGE OF size:NUM ( OPEN rel:NUM CLOSE )? L m:M {vs}?",
    "t:A HAVE {move} dir:CHANGE L m:M {vs}? OF size:NUM",
    "t:A HAVE {move} dir:CHANGE L m:M {vs}?",
    "t:A HAVE m:METRIC dir:CHANGE OF size:NUM {vs}?",
    "CMP c:A COMMA? t:A HAVE {move} dir:CHANGE OF size:NUM L m:M",
    # one beats the other
    "t:A {move} dir:( BEAT | LOSE ) c:A ( L m:M )? {by}?",
    "t:A {move} dir:( BEAT | LOSE ) c:A {by} L m:M",
    "t:A won:WON ( CMP c:A )? ( L m:M )?",
    # the difference
    "MEAN? DIFF ( L m:M )? BETWEEN t:A AND c:A V signed:NUM",
    "MEAN? DIFF BETWEEN t:A AND c:A L m:M V signed:NUM",
    "t:A MINUS c:A ( L m:M )? V signed:NUM",
    "MEAN? DIFF ( L m:M )? OPEN? t:A MINUS c:A CLOSE? V signed:NUM",
    "MEAN? DIFF ( L m:M )? V signed:NUM OPEN? t:A MINUS c:A CLOSE?",
    "MEAN? ( DIFF | EFFECT ) ( L m:M )? V signed:NUM",
    "MEAN? EFFECT OF t:A ( L m:M )? {vs}? V signed:NUM",
    "MEAN? EFFECT OF t:A {vs} L m:M V signed:NUM",
    "MEAN? EFFECT L m:M OF t:A {vs}? V signed:NUM",
    "GAP ( L m:M )? BETWEEN t:A AND c:A V gap:NUM",
    "GAP BETWEEN t:A AND c:A L m:M V gap:NUM",
    "t:A AND c:A DIFFER BY gap:NUM L m:M",
    "t:A AND c:A DIFFER L m:M BY gap:NUM",
    # no difference
    "t:A m:M same:SAME {vs}?",
    "t:A AND c:A BE same:SAME ( L m:M )?",
    "t:A AND c:A HAVE same:SAME m:M",
    "m:M BE same:SAME L t:A AND L? c:A",
    "BE? same:NOT DIFF ( L m:M )? BETWEEN t:A AND c:A",
    "BE? same:NOT DIFF BETWEEN t:A AND c:A L m:M",
    "t:A AND c:A same:NOT DIFFER L m:M",
    "t:A AND c:A neg:NOT significant:SIG DIFFER L m:M",
    "t:A AND c:A neg:NOT DIFFER significant:SIG L m:M",
    "t:A AND c:A BE? significant:SIG DIFFER L m:M",
    "t:A AND c:A DIFFER significant:SIG L m:M",
    "BE? neg:NOT significant:SIG DIFF ( L m:M )? BETWEEN t:A AND c:A",
    "BE? neg:NOT significant:SIG DIFF BETWEEN t:A AND c:A L m:M",
    # one arm
    "stat:STAT? m:M L t:A V stat2:MEAN? OF? vt:NUM",
    "t:A stat:STAT? m:M V stat2:MEAN? vt:NUM",
    "t:A HAVE stat:STAT? m:M ( OF | AT | EQ )? vt:NUM",
    "t:A HAVE m:M L stat:STAT OF vt:NUM",
    "stat:STAT? m:M V stat2:MEAN? vt:NUM L t:A",
    "L t:A COMMA? stat:STAT? m:M V stat2:MEAN? vt:NUM",
    "t:A V stat:STAT? OF? vt:NUM L m:M stat2:MEAN?",
    "stat:STAT OF t:A L m:M V vt:NUM",
    "stat:STAT ( OF | FOR ) m:M L t:A V vt:NUM",
    "t:A V? OF? stat:STAT? OF? vt:NUM",
    "vt:NUM L t:A",
    "m:M ( OF | FOR ) t:A RANGE FROM least:NUM TO most:NUM",
    "t:A m:M RANGE FROM least:NUM TO most:NUM",
    "SD ( OF m:M )? L t:A V sd:NUM",
    "SD ( OF | IN | FOR ) m:M L t:A V sd:NUM",
    "SD OF t:A L m:M V sd:NUM",
    "t:A HAVE SD OF sd:NUM L m:M",
    # two arms
    "stat:STAT? m:M V vt:NUM L t:A ( COMMA | AND | VS )+ vc:NUM L c:A",
    "t:A HAVE stat:STAT? m:M OF? vt:NUM ( COMMA | AND | VS )+ vc:NUM L c:A",
    "t:A HAVE stat:STAT? m:M OF? vt:NUM ( COMMA | AND | VS )+ c:A ( HAVE? OF )? vc:NUM",
    "t:A V vt:NUM ( COMMA | AND | VS )+ c:A V? vc:NUM L m:M stat:MEAN?",
    "t:A V vt:NUM L m:M ( COMMA | AND | VS )+ c:A V? vc:NUM",
    "stat:STAT? m:M ( L t:A AND L? c:A ) V vt:NUM ( COMMA | AND )+ vc:NUM COMMA? RESPECTIVELY",
    "t:A AND c:A HAVE stat:STAT? m:M OF vt:NUM ( COMMA | AND )+ vc:NUM COMMA? RESPECTIVELY",
    "stat:STAT? m:M COLON? t:A V? vt:NUM ( COMMA | AND | VS )+ c:A V? vc:NUM",
    # a ratio
    "m:M OF t:A V ratio:NUM ASMUCH+ L? c:A",
    "t:A m:M V ratio:NUM ASMUCH+ L? c:A m2:METRIC?",
    "t:A HAVE ratio:NUM m:M ( OF | VS ) c:A",
    "t:A fold:( DOUBLE | HALVE ) m:M {vs}?",
    "t:A HAVE best:SUPER m:M",
    "t:A BE best:SUPER L m:M",
)
