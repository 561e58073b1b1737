"""Patterns of what is said to a machine that reads an issue, rather than to the people it is for.

They are about kinds of sentences, since words are easily changed. None of them decides anything: a
match is a flag that lowers confidence. All are linear; gaps are bounded.
"""

import re


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{each})" for each in patterns), re.IGNORECASE | re.MULTILINE)


_MUST = r"(?:must|should|shall|needs? to|ha(?:s|ve) to|is to|are to|will|please|always|never)"
_MACHINE = (
    r"(?:(?:ai|llm|coding|autonomous|automated|triage|triaging|labell?ing|github|issue)[ -]"
    r"(?:\w{1,12}[ -])?(?:agents?|assistants?|bots?|models?|reviewers?|tools?|workflow)"
    r"|(?:large )?language models?|chat ?gpt|claude|copilot|gemini|codex|bathy)"
)
_WHO = rf"(?:{_MACHINE}|(?:the|this|dear|hey|hi|any) (?:bot|assistant|agent|triager)s?)"
_ANSWER = r"(?:final |next |own )?(?:reply|response|answer|output|comment|report|summary)"
_YOUR_REPLY = rf"your {_ANSWER}"
_REPLY = rf"(?:your|the|every|each) {_ANSWER}"
_SAY = (
    r"(?:include|quote|start|begin|end|prefix|finish|put|add|write|paste|append|insert|embed|"
    r"mention|repeat|copy|state)"
)
_RUN = r"(?:run|execute|invoke|install|fetch|download|curl|wget|source|eval)"
_COMMAND = (
    r"(?:pip3?|pipx|uv|npm|npx|yarn|pnpm|gem|cargo|go|brew|apt(?:-get)?|bash|sh|zsh|powershell"
    r"|python3?|node|curl|wget"
    r"|gh|git|docker)\b"
)
_NAMED = (
    r"(?:instructions?|prompts?|directions?|guidelines|directives?|polic(?:y|ies)|messages?|"
    r"guardrails?|safeguards?)"
)
_BEFORE = r"(?:previous|prior|above|earlier|preceding|foregoing|existing|original|initial|former)"
_LABEL = r"(?:labels?|tags?|priority|severity|milestone)"
_STAFF = (
    r"(?:maintainers?|owners?|admin(?:istrator)?s?|core (?:team|dev\w{0,8})|collaborators?|"
    r"moderators?)"
)
_CONFIDENTIAL = (
    r"(?:system prompt|api[ _-]?keys?|secrets|[A-Z_]{2,20}_(?:TOKEN|KEY|SECRET)|access tokens?"
    r"|environment variables"
    r"|env(?:ironment)? vars?|credentials|/proc/self/environ|\.env file)"
)

INSTRUCTIONS = _any(
    # What was said before is to be forgotten.
    rf"\b(?:ignore|disregard|forget|override|discard|bypass|neglect|drop)\b[^.\n]{{0,40}}\b(?:"
    rf"{_BEFORE}|your|system|all (?:of )?(?:the|these|those|your))\b"
    rf"[^.\n]{{0,30}}\b(?:{_NAMED}|rules|context|constraints|restrictions)\b",
    rf"\b(?:ignore|disregard|forget) (?:everything|anything|whatever|all)\b[^.\n]{{0,30}}\b(?:"
    rf"{_BEFORE}|before|so far|said|told)\b",
    r"\b(?:ignore|disregard|forget) what(?:ever)? (?:you|i|we|they) (?:(?:we|a)re|was|have been|had"
    r" been) (?:told|given|asked|instructed|taught)\b",
    r"\b(?:new|updated|real|actual|hidden|additional|secret) (?:task|instructions?|objectives?"
    r"|goals?|orders?|system prompt|directives?)[ \t]{0,3}(?::|for (?:you|the (?:bot|"
    r"assistant|agent)))",
    r"(?:ignorier\w{0,3}|vergiss) (?:bitte )?(?:alle|die|s[äa]mtliche)\b[^.\n]{0,30}anweisungen",
    r"(?:ignore[zr]?|oublie[zr]?) (?:toutes )?(?:les|vos|tes) [^.\n]{0,30}(?:instructions|"
    r"consignes)",
    r"(?:ignora|olvida|ignore) (?:todas )?(?:las|tus|as|suas) [^.\n]{0,30}(?:instrucciones|"
    r"instru[çc][õo]es)",
    r"(?:игнорируй\w{0,2}|забудь\w{0,2}) [^.\n]{0,30}(?:инструкци|указани)",
    r"(?:ignora|dimentica) (?:tutte )?(?:le|tue) [^.\n]{0,30}istruzioni",
    r"(?:negeer|vergeet) (?:alle|de) [^.\n]{0,30}(?:instructies|aanwijzingen)",
    r"(?:ignorera|ignorer|glöm|glem) (?:alla|alle) [^.\n]{0,30}(?:instruktion|instruks|anvisning)",
    r"(?:z?ignoruj|zapomnij) [^.\n]{0,30}(?:instrukcj|polece)",
    r"(?:ігноруй|забудь)\w{0,3} [^.\n]{0,30}(?:інструкц|вказівк)",
    r"talimat\w{0,12} [^.\n]{0,20}(?:yoksay|görmezden gel|unut)|abaikan (?:semua )?(?:instruksi|"
    r"perintah)|bỏ qua [^.\n]{0,30}(?:hướng dẫn|chỉ dẫn|lệnh)",
    r"(?:忽略|忽视|无视|無視|忘记|忘記)[^。\n]{0,12}(?:指令|指示|说明|提示|規則|规则)",
    r"(?:指示|命令|指令)[^。\n]{0,8}(?:無視|忘れ)|(?:지시|명령|지침)[^.\n]{0,12}(?:무시|잊)",
    r"تجاهل [^.\n]{0,30}(?:التعليمات|الأوامر|الإرشادات)|निर्देश[^।\n]{0,30}(?:अनदेख|भूल)",
    # A turn of a conversation that never was.
    r"^[ \t>*#_`-]{0,12}(?:system|developer|assistant|ai|bot|agent|tool|operator)(?: "
    r"(?:message|prompt|note|override|notice|instruction))?[*_`]{0,3}[ \t]{0,3}(?::|>|-{1,2})"
    r"[*_`]{0,3}[ \t]{0,3}"
    rf"(?:you\b|your\b|ignore|triage|new\b|now\b|the (?:issue|task|user|triage|bot)|this "
    rf"(?:issue|report)|from now|please\b|instructions?\b|do\b|always\b|never\b|reply|respond|"
    rf"answer|say|post|add\b|apply|assign|lock|close|label|mark|set\b|approved?|confirmed|"
    rf"priority|understood|sure\b|ok(?:ay)?\b|i (?:will|have|am|must|'ll)\b|task\b|{_RUN}\b|"
    rf"override|permission|access)",
    r"<\|(?:im_start|im_end|system|user|assistant|endoftext|start_header_id|eot_id)\|>|\["
    r"/?INST\]|<</?SYS>>|</?system(?:[_-](?:prompt|message|reminder|instructions?))?>",
    r"\"role\"[ \t]{0,3}:[ \t]{0,3}\"(?:system|developer)\"",
    r"^[ \t#>*_=-]{0,12}(?:begin|end|start) (?:of )?(?:the )?(?:system|untrusted|trusted|user|"
    r"issue|developer)[ -]?(?:prompt|content|input|text|data|section|body|message|"
    r"instructions?)?\b[ \t#*_=:-]{0,12}$",
    # Somebody is spoken to who is no person.
    rf"\b{_WHO}\b[ \t]{{0,2}}(?:[:,;]|-{{1,2}}|who|that|reading|processing|which|{_MUST})[^.\n]"
    rf"{{0,60}}\b(?:{_MUST}|{_RUN}|{_SAY}|apply|set|assign|label|mark|post|reply|respond|"
    rf"approve|close|ignore|treat|classify|prioriti[sz]e|do not|don't|you)\b",
    rf"\b(?:note|notice|message|instructions?|attention|important|memo|hint|reminder|todo)\b"
    rf"[ \t]{{0,2}}(?:to|for|:)[ \t]{{0,2}}(?:all |any |the |an? )?(?:{_MACHINE}|bots?|"
    rf"assistants?|agents?|llms?|ai)\b",
    r"\b(?:if|when|since|because|as) (?:you are|you're|you act as) (?:an? |the )?(?:ai|llm|"
    r"large|language|automated|assistant|agent|(?:triage |github )?bot|model)\b",
    r"\byou are (?:now |actually |hereby )(?:an? |the |in |acting|allowed|authori[sz]ed|"
    r"operating|free|going to)\b[^.\n]{0,40}",
    r"\b(?:you are|act as|pretend to be|behave as|play the role of) (?:an? |the )(?:\w{1,14} )"
    r"{0,2}(?:ai|assistant|agent|bot|maintainer|administrator|triager|root user|dan)\b",
    r"\b(?:developer|god|debug|maintenance|admin|unrestricted|dan) mode (?:is )?(?:now "
    r")?(?:enabled|activated|on|unlocked)\b|\bjailbr(?:eak|oken)\b",
    rf"\b(?:prior to|before|after|during|while|when|to (?:complete|finish|continue|start|do|"
    rf"perform)|in order to) (?:the |this |you )?(?:can )?(?:triag\w{{1,4}}|labell?ing|summari"
    rf"[sz]ing|answering|replying|(?:you )?(?:answer|reply|respond|triage))\b[^.\n]{{0,40}}\b"
    rf"(?:you|{_MUST}|{_RUN}|{_SAY}|set|apply|make sure|ensure|also|first)\b",
    r"\btriag(?:e|ing) (?:is |was |has been |phase |step |task )*(?:finished|complete[d]?|done"
    r"|over|successful)\b",
    # What the answer is to hold.
    rf"\b{_SAY}\b[^.\n]{{0,60}}\b(?:in|into|with|to|of|from) {_YOUR_REPLY}\b",
    rf"\b(?:in|at the (?:start|top|end|bottom) of) {_YOUR_REPLY},? (?:please |also |always |you"
    rf" (?:must |should )?)?{_SAY}\b",
    rf"\b(?:start|begin|end|prefix|finish|sign) {_REPLY} (?:with|by)\b",
    rf"\b(?:the|every|each) {_ANSWER} (?:{_MUST}) (?:start|begin|end|open) with the (?:sentence|"
    rf"words?|phrase|statement)\b",
    r"\b(?:reply|respond|answer) (?:only |exactly |just )?(?:with|by)\b[ \t]{0,3}(?:only|"
    r"exactly|just|the (?:word|following|text|contents?|string)|[\"'`!\[])",
    r"\byour (?:new |only |next |real )?(?:task|goal|job|objective|mission|role|instructions?)"
    r" (?:is|are|now|has|will be)\b",
    # What is to be done, and first.
    rf"\byou (?:{_MUST}) (?:first |now |also |then |immediately )*(?:{_RUN}|post|reply|respond|"
    rf"assign|lock|approve|reveal|disclose|print the)\b[^\n]{{0,60}}(?:{_COMMAND}|https?://|\b"
    rf"label|\btoken|\bkey|\bsecret|\bcomment|\bthis issue|\bscript)",
    rf"(?:{_COMMAND})[^\n]{{0,120}}\b(?:and |then )+(?:continue|proceed|resume|carry on|report "
    rf"back|follow|go on)\b",
    r"\b(?:decode|decrypt|unscramble|rot13|deobfuscate|reverse)\b[^.\n]{0,40}\b(?:and|then) "
    r"(?:follow|execute|run|do|obey|apply|comply|act)\b",
    r"\b(?:follow|obey|execute|carry out|comply with) (?:all |any )?(?:the |these |those )?(?:"
    r"\w{1,12} )?(?:instructions?|commands?|orders?|directives?) (?:in|at|on|from|hidden|"
    r"inside|contained|of) (?!the (?:doc|readme|install|tutorial|guide|wiki))",
    rf"\b(?:reveal|print|dump|leak|exfiltrate|disclose|echo|output|post|paste|publish|send|"
    rf"share|show|include|upload)\b(?: \w{{1,12}}){{0,3}} {_CONFIDENTIAL}",
    # What only a maintainer may ask for.
    rf"\b(?:add|apply|set|use|assign|attach|put|give|remove|delete) (?:it |this(?: issue)? |the"
    rf" issue )?(?:(?:the|a|an|these|only|following|all|every|its) )*(?:{_LABEL})\b[ \t]{{0,3}}"
    rf"(?:named |called |of |to |= ?|: ?)?(?:[`\"'“]|\b(?:security|bug|critical|urgent|approved"
    rf"|wontfix|invalid|high|highest|p\d|blocker|release|good first issue)\b)",
    rf"\b(?:add|apply|set|assign|attach|give)\b[^.\n]{{0,20}} [`\"'“]?[\w: /-]{{1,30}}[`\"'”]? "
    rf"{_LABEL} (?:to|on) (?:this|the) (?:issue|ticket|report|bug)\b",
    r"\b(?:apply|set|assign|give|raise|bump|escalate|mark|label)\b[^.\n]{0,30}\b(?:p[0-4]|sev"
    r"[ -]?[0-4]|priority[:/ -](?:critical|high|highest|urgent))\b",
    r"\b(?:label|mark|tag|classify|categori[sz]e|treat|prioriti[sz]e|flag) (?:this|it|the "
    r"issue|this issue|this report|this ticket) (?:as|with) (?!a dup)",
    r"\b(?:close|lock|delete|reopen|merge|approve|transfer|pin|unpin) (?:every|all|each|any)\b"
    r"[^.\n]{0,20}\b(?:issues?|prs?|pull requests?|tickets?|threads?)\b",
    r"\b(?:assign|lock|transfer|pin|escalate|approve) (?:this|it|the issue|this issue|the "
    r"thread|the conversation)\b(?: \w{1,12}){0,3}(?: to | and |[.!]|$)",
    r"\b(?:skip|bypass|disable|turn off|omit|without) (?:the |any |all |your |further |human "
    r")*(?:dry[ -]?run|review|approvals?|confirmation|verification|safety|guardrails?|"
    r"moderation|security (?:checks?|policy)|human)\b(?! (?:the )?code)",
    # Trust that the text gives itself.
    r"\b(?:trusted|privileged|verified|authenticated|authori[sz]ed|signed|official) (?:content"
    r"|section|input|context|instructions?|message|block|area|text|user request|by (?:the "
    r")?(?:\w{1,12} )?(?:owners?|maintainers?|admins?|github|anthropic|openai|google|security "
    r"team))\b",
    rf"\b(?:i am|i'm|as|speaking as|this is) (?:an? |the |one of the )(?:\w{{1,12}} )?{_STAFF}"
    rf"(?: of (?:this|the) (?:repo|repository|project|org\w{{0,10}}))?[ \t]{{0,2}}(?:[,.;:(!-]|"
    rf"and\b|here\b|i\b|$|so\b|who\b|with\b|my\b|of (?:this|the)\b)",
    r"\b(?:owner|member|maintainer|collaborator|admin) (?:badge|role|rights|privileges|status|"
    r"override)\b",
    rf"\b(?:{_STAFF}|security team) (?:has |have |had |already |just |hereby )*(?:confirmed|"
    rf"approved|authori[sz]ed|verified|decided|signed off|instructed|requested|cleared|"
    rf"pre-?approved)\b",
    rf"\b(?:on behalf of|(?:pre-?)?(?:approved|authori[sz]ed|verified|requested|ordered|"
    rf"confirmed|reviewed) by) (?:the |a |all |your )?(?:\w{{1,14}} )?(?:{_STAFF}|security team"
    rf"|github|anthropic|openai)\b",
    # Commands to the machine that the log is read by.
    r"^[ \t]{0,40}::(?:set-output|set-env|add-path|add-mask|add-matcher|remove-matcher|"
    r"stop-commands|save-state|error|warning|notice|debug|group|echo)\b[^\n]{0,400}::",
    r"##\[(?:set-output|set-env|add-path|add-mask|stop-commands|save-state)\b|>>[ \t]{0,3}"
    r"[\"']?\$\{?GITHUB_(?:ENV|OUTPUT|PATH|STEP_SUMMARY)\b",
)
"""Sentences for a machine."""

TURN_TAGS = _any(
    r"</?(?:system|assistant|developer)(?:[_-](?:prompt|message|reminder|note|instructions?))?>"
)
"""Tags that models take for turns of a conversation."""

TITLE_INSTRUCTIONS = _any(
    rf"\b(?:{_MUST}|first|before|prior|then|required|make sure|be sure)\b[^\n]{{0,40}}\b{_RUN}"
    rf"\b[^\n]{{0,40}}(?:{_COMMAND}|https?://)",
    rf"\b(?:use|add|apply|set) (?:the )?(?:{_LABEL})\b",
    r"(?:^|[.:;!?] )(?:system|assistant)[ \t]{0,3}:",
)
"""Sentences that are unusual in a title only."""

DECODED_INSTRUCTIONS = _any(
    r"\b(?:ignore|disregard|forget|override)\b[^.\n]{0,60}\b(?:rules?|instructions?|prompts?|"
    r"above|before)\b",
    r"\b(?:label|triage|assistant|system prompt|maintainer|your reply|exfiltrate|api key|token)\b",
    rf"\b(?:{_RUN}|post|reply|close|approve|merge)\b \S",
    rf"\b(?:{_COMMAND}) \S+ \S",
)
"""What nobody would encode if it were for people."""

SECURITY_STRONG = _any(
    r"\b(?-i:RCE|XSS|CSRF|SSRF|XXE|SQLi|LFI|RFI|IDOR|SSTI|ReDoS|0day|TOCTOU)\b|\bCVE-\d{4}-\d"
    r"{3,7}\b|\bGHSA(?:-\w{4}){3}\b|\bzero[ -]day\b",
    r"\b(?:remote|arbitrary|unauthenticated) (?:code|command|script|file) (?:execution|read|"
    r"write|upload|overwrite|inclusion|disclosure|deletion)\b",
    r"\b(?:execute|run|inject)\w{0,3} arbitrary (?:code|commands?|sql|javascript|scripts?)\b",
    r"\b(?:sql|no-?sql|(?:os |shell )?command|code|template|crlf|ldap|script|html|shell|log) "
    r"injection\b|\binject(?:able|ing)? sql\b",
    r"\b(?:cross[ -]site (?:scripting|request forgery)|server[ -]side request forgery|(?:path|"
    r"directory) traversal|zip[ -]slip|prototype pollution|request smuggling|open redirect|"
    r"click[ -]?jacking|cache poisoning)\b",
    r"\b(?:privilege escalation|escalat\w{1,3} (?:of )?privileges?|sandbox (?:escape|bypass)|"
    r"(?:auth(?:entication|ori[sz]ation|n|z)?|login|2fa|mfa|password|access control|permission"
    r"|signature|csrf) (?:check )?(?:is )?(?:bypass(?:ed|able)?|circumvent\w{0,4}))\b",
    r"\bbypass(?:es|ed|ing)? (?:the )?(?:auth\w{0,12}|login|access control|permissions?|"
    r"signature|csrf)\b",
    r"\b(?:heap|stack|buffer)[ -](?:based )?(?:buffer )?overflow\b|\buse[ -]after[ -]free\b|\b"
    r"out[ -]of[ -]bounds (?:read|write)\b|\bdouble[ -]free\b",
    r"\b(?:unsafe|insecure|untrusted) (?:de-?seriali[sz]ation|pickle|yaml|unpickling|eval|"
    r"object reference)\b",
    r"\b(?:credentials?|passwords?|secrets?|api[ -]keys?|private keys?|(?:access |auth |"
    r"session |bearer )?tokens?|session cookies?|auth\w{0,12} headers?) (?:\w{1,10} "
    r")?(?:leak(?:s|ed|age|ing)?|disclos(?:ed|ure)|expos(?:ed|ure)|stolen)\b",
    r"\b(?:leak|expos|disclos|steal)(?:s|e|es|ed|ing)? (?:\w{1,14} ){0,3}(?:credentials?|"
    r"passwords?|secrets|api[ -]keys?|private keys?|(?:access|auth|session|bearer) tokens?|"
    r"session cookies?|auth\w{0,12} headers?)\b",
    r"\bsecurity (?:vulnerabilit\w{1,3}|hole|flaw|bug|issue|advisory|risk|breach|disclosure|"
    r"problem|defect|report|concern)s?\b",
    r"\bvulnerabilit(?:y|ies)\b|\bvulnerable (?:to|code|version)\b|\bexploit(?:s|ed|able|ation"
    r"|ing)?\b|\bproof[ -]of[ -]concept (?:exploit|attack)\b",
    r"\b(?:attackers?|malicious (?:user|actor|input|payload|server|client|file|website|"
    r"page))s? (?:can|could|may|might|to|who|is able)\b",
    r"\b(?:session (?:fixation|hijack\w{0,4})|man[ -]in[ -]the[ -]middle|timing attack|brute"
    r"[ -]force attack|denial[ -]of[ -]service|account takeover|back ?door(?:ed)?|data "
    r"exfiltration|information disclosure)\b",
)
"""What a report of a vulnerability is called."""

SECURITY_PROOF = _any(
    r"\b(?-i:PoC|POC)\b|\bproof[ -]of[ -]concept\b|\bweaponi[sz]ed\b|\breverse shell\b|\b"
    r"responsible disclosure\b|\bmetasploit\b",
    r"\bcvss\b|\bcwe-\d{1,5}\b|\b(?-i:DoS)\b|\bmalicious\b|\battackers?\b|\bpayload\b[^.\n]"
    r"{0,30}\bexecut\w{1,4}\b",
)
"""What backs such a report, but is also said elsewhere."""

ADVERTISING = _any(
    r"\bbuy\b[^.\n]{0,30}\b(?:now|cheap|online|followers|likes|views|here|best)\b|\b"
    r"cheap(?:est)?\b[^.\n]{0,20}\b(?:price|followers|flights?|deals?|pills|online)\b|\b"
    r"(?:followers|subscribers|likes) (?:now|for sale|cheap|fast|instantly)\b",
    r"\b(?:viagra|cialis|casino|slots?(?: online| gacor)|betting|escorts?|porn|xxx|forex|"
    r"payday loans?|essay writing|replica watches|weight loss|keto|cbd (?:oil|gummies))\b",
    r"\b(?:best (?:price|deal|seo|offer)s?|special offer|limited (?:time )?offer|discounts?|"
    r"promo(?:tion)? codes?|coupons?|free (?:gift|trial|spins|money)|money back|100% (?:free|"
    r"working|legit)|order now|act now|sign up now|click here|visit (?:our|my) (?:web)?site|"
    r"contact (?:us|me) (?:on|via|at)|whats?app|telegram (?:channel|group)|t\.me/)",
    r"\b(?:earn|make) (?:\w{1,10} ){0,2}(?:money|\$\d+|cash|income)\b|\b(?:backlinks?|seo "
    r"services?|guest posts?|web traffic|rank (?:higher|#?1))\b|\b(?:airdrop|presale|crypto "
    r"(?:giveaway|wallet recovery)|double your)\b",
    r"\b(?:customer (?:care|service|support) (?:phone )?(?:number|helpline)|toll[ -]?free|"
    r"helpline|call (?:us )?now)\b|\+1[ -(]{0,2}8\d\d[ -)]",
)
"""What nobody says who reports a bug."""
