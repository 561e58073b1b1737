"""Words that questions and issues are full of and that point at no place: data."""

_ENGLISH = """
a about above across after again ain all already also although always an and any anyone anything are
aren as at be because been before being below between both but by can cannot could couldn did didn
do does doesn doing don done down during each either else even every few for from get gets getting
give given go goes going got had hadn has hasn have haven he her here him his how however i if in
into is isn it its just know let like made make makes making many may maybe me might more most much
must mustn my need needn needs neither never nor not now of off on once one only onto or other our
out over own per perhaps please put rather really same see seem seems shall shan she should shouldn
since so some someone something still such take takes than thank thanks that the their them then
there these they this though through thus to too try trying two under until up upon us use used uses
using very via want wants was wasn way we well were weren what when where whereas whether which
while who whose why will with within without won work working works would wouldn yes yet you your
"""
_OF_ISSUES = """
actual actually add added behavior behaviour bug bugs case cases change changed changes checked
code current currently describe description environment error errors exactly example examples
expect expected expecting fail failing fails feature find fine first fix fixed following follows
found happen happening happens hello help hey hi instead issue issues latest line lines master
minimal new nice note observed occurs old output possible previous problem project pull question
questions reason recent related release report reproduce reproducible request result results run
running simple solution steps suggest support supported sure think time traceback unexpected update
version versions wrong
"""
_ABOUT_CODE = """
allow allows approach architectural architecture based class classes component components
consequence depend dependency depends design designed determine determined determines determining
different directly effect ensure ensures ensuring function functions handle handled handles
handling impact implement implementation implementations implemented implements instance interact
interaction invoke invoked involve located location logic mechanism method methods module modules
object objects occur parameter parameters pattern perform performed prevent prevents process
processes processing provide provided provides purpose relationship repository responsible return
returns role specific specifically strategy system systems throughout type value values variable
"""
FILLER = frozenset((_ENGLISH + _OF_ISSUES + _ABOUT_CODE).split())
"""Words that count less than others and join no identifier."""

_TEMPLATE = """
a about actual additional alternatives any are area available before behavior behaviour browser
browsers bug can check checklist code complete configuration considered context current debug
describe description desired desktop details device dialect did do enhancement environment error
example expected feature following happened have how i info information is issue it key label like
logs minimal need observed of or os output platform please possible pr problem proposal provide
python related report reproduce reproducing reproduction request result results runtime sample
screenshots search section should smartphone solution solve solved steps submit suggested summary
system teardown the this to trace traceback us version versions what willing willingness with work
would you your
"""
TEMPLATE = frozenset(_TEMPLATE.split())
"""Headings of nothing but these words are an issue template's, not the author's."""
