(function_definition) @function
(translation_unit (declaration declarator: (function_declarator)) @function)
(struct_specifier name: (type_identifier) body: (_)) @struct
(union_specifier name: (type_identifier) body: (_)) @struct
(enum_specifier name: (type_identifier) body: (_)) @enum
(type_definition) @type
(preproc_function_def) @macro
(preproc_def) @macro
(translation_unit (declaration declarator: (init_declarator)) @variable)

(call_expression function: (identifier) @ref)
(call_expression function: (field_expression field: (field_identifier) @ref))
(type_identifier) @ref
