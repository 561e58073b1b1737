"""Words and phrases that questions and issues are full of and that point at no place: data."""

FILLER = frozenset(
    "a an and are as at be been but by for from had has have he i if in is it its me my not of on or"
    " our she so than that the their them then there these they this to us was we were will with you"
    " your about above across do into onto after again all already also although always any anyone anything because"
    " before being below between both can cannot could did didn does doesn doing don done down during"
    " each either else even every few get gets getting give given go goes going got he her here him"
    " his how however just know let like made make makes making many may maybe might more most much"
    " must need needs neither never nor now off once one only other out over own per perhaps please"
    " put rather really same see seem seems shall should shouldn since some someone something still"
    " such take takes thank thanks though through thus too try trying two under until up upon used"
    " use uses using very via want wants way well what when where whereas whether which while who"
    " whose why within without won work works working would wouldn yes yet "
    # of issues
    "actual actually add added behavior behaviour bug bugs case cases change changed changes checked"
    " code current currently describe description environment error errors exactly example examples"
    " expect expected expecting fail failing fails feature find fine first fix fixed following follows"
    " found happen happening happens help hi hello hey instead issue issues latest line lines master"
    " minimal new nice note observed occurs old output possible previous problem project pull question"
    " questions reason recent related release report reproduce reproducible request result results run"
    " running simple solution steps suggest sure support supported think time traceback unexpected"
    " update version versions wrong "
    # of questions about code
    "allow allows approach architecture architectural based class classes component components"
    " consequence dependency depend depends design designed determine determined determines"
    " determining different directly during effect ensure ensures ensuring function functions handle"
    " handled handles handling impact implement implementation implementations implemented implements"
    " instance interaction interact invoke invoked involve logic location located mechanism method"
    " methods module modules object objects occur parameter parameters pattern perform performed"
    " prevent prevents process processes processing provide provided provides purpose relationship"
    " repository responsible return returns role specific specifically strategy system systems"
    " throughout type value values variable".split()
)
"""Words that count a fifth of others."""

TEMPLATE = frozenset(
    ["a", "about", "actual", "additional", "any", "are", "area", "available", "before", "behavior", "behaviour", "browser", "browsers", "bug", "can", "check", "checklist", "code", "complete", "configuration", "context", "current", "debug", "describe", "description", "desired", "desktop", "details", "device", "did", "dialect", "do", "enhancement", "environment", "error", "example", "expected", "feature", "following", "happened", "have", "how", "i", "info", "information", "is", "issue", "it", "key", "label", "like", "logs", "minimal", "need", "of", "or", "os", "output", "platform", "please", "possible", "problem", "proposal", "provide", "python", "related", "report", "reproduce", "reproducing", "reproduction", "request", "result", "results", "runtime", "sample", "screenshots", "section", "should", "smartphone", "solution", "solve", "solved", "steps", "suggested", "summary", "system", "teardown", "the", "to", "trace", "traceback", "us", "version", "versions", "what", "willing", "with", "work", "would", "you", "your", "observed", "this", "bug-report", "search", "willingness", "submit", "pr", "alternatives", "considered"]
)
"""Headings of nothing but these words are an issue template's, not the author's."""
