(rule_set (selectors) @selector)
