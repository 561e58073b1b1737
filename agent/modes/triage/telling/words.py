"""The report's codes -> the words that people read."""

from bathy.agent.modes.triage.report import FlagCode, Rejection, Signal, Status

STATUS: dict[Status, str] = {
    "triaged": "triaged",
    "needs_info": "waits for information from the reporter",
    "needs_human": "needs a person to decide",
    "out_of_scope": "out of scope for this repository",
    "spam": "looks like spam",
    "security_private": "reads like a security report, so nothing of its cause is told in public",
    "skipped": "skipped",
    "error": "could not be triaged",
}
REJECTED: dict[Rejection, str] = {
    "not_in_repo": "the repository has no such label",
    "not_allowed": "the configuration does not allow it",
    "protected": "only people may set it",
    "human_set_facet": "a person has already chosen a label of this kind",
    "low_confidence": "not sure enough",
    "over_limit": "more labels than are allowed at once",
}
REMOVED = {
    "superseded_facet": "another label of its kind fits better",
    "info_now_provided": "the information has been given",
}
FLAGS: dict[FlagCode, str] = {
    "instruction_like_text": "text that reads like an instruction to a machine",
    "hidden_text": "text that is not shown on the page",
    "invisible_chars": "invisible characters",
    "secret_in_issue": "something that looks like a secret",
    "forged_marker": "a marker that is not ours",
    "external_url": "links to other sites",
    "security_report": "signs of a security report",
    "oversize": "more text than is read",
    "spam": "signs of spam",
}
SIGNALS: dict[Signal, str] = {
    "traceback": "in the traceback",
    "path_in_issue": "its path is in the issue",
    "symbol_in_issue": "its name is in the issue",
    "error_string": "it holds the error's text",
    "lexical": "it shares rare words with the issue",
    "recent_change": "it was changed not long ago",
    "model": "named by the model",
}
RELATIONS = {
    "duplicate": "possible duplicate",
    "related": "related",
    "regression_of": "may have come back",
}
NOT_LOOKED_FOR = "No model was asked, so no cause was looked for"
CAUSES = {
    "supported": "Supported by the code",
    "plausible": "Plausible, not confirmed",
    "unknown": "No cause was found that the code speaks for",
}
