(function_definition) @function
(declaration declarator: (function_declarator)) @function
(field_declaration declarator: (function_declarator)) @method
(class_specifier name: (_) body: (_)) @class
(struct_specifier name: (_) body: (_)) @struct
(union_specifier name: (_) body: (_)) @struct
(enum_specifier name: (_) body: (_)) @enum
(namespace_definition name: (_)) @module
(type_definition) @type
(alias_declaration) @type
(preproc_function_def) @macro
(preproc_def) @macro

(call_expression function: (identifier) @ref)
(call_expression function: (field_expression field: (field_identifier) @ref))
(call_expression function: (qualified_identifier name: (identifier) @ref))
(type_identifier) @ref
