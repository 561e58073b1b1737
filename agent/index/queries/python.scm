(class_definition) @class
(function_definition) @function
(module (expression_statement (assignment left: (identifier)) @constant))
(module (expression_statement (assignment left: (identifier) type: (type))) @constant)
(module (if_statement consequence: (block (expression_statement (assignment left: (identifier)) @constant))))
(module (if_statement alternative: (_ (block (expression_statement (assignment left: (identifier)) @alternative)))))
(module (try_statement (block (expression_statement (assignment left: (identifier)) @alternative))))
(module (try_statement (_ (block (expression_statement (assignment left: (identifier)) @alternative)))))
(module (with_statement (block (expression_statement (assignment left: (identifier)) @alternative))))
(class_definition body: (block (expression_statement (assignment left: (identifier)) @field)))
(type_alias_statement) @type

(call function: (identifier) @ref)
(call function: (attribute attribute: (identifier) @ref))
(class_definition superclasses: (argument_list (identifier) @ref))
(class_definition superclasses: (argument_list (attribute attribute: (identifier) @ref)))
(decorator (identifier) @ref)
(decorator (attribute attribute: (identifier) @ref))
(import_from_statement name: (dotted_name (identifier) @ref))
(aliased_import name: (dotted_name (identifier) @ref))
(type (identifier) @ref)
(except_clause (identifier) @ref)
