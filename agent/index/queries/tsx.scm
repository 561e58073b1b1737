(function_declaration) @function
(generator_function_declaration) @function
(function_signature) @function
(class_declaration) @class
(abstract_class_declaration) @class
(interface_declaration) @interface
(enum_declaration) @enum
(type_alias_declaration) @type
(internal_module) @module
(module) @module
(method_definition) @method
(method_signature) @method
(abstract_method_signature) @method
(variable_declarator name: (identifier) value: [(arrow_function) (function_expression) (generator_function)]) @function
(program (lexical_declaration (variable_declarator name: (identifier)) @constant))
(program (export_statement (lexical_declaration (variable_declarator name: (identifier)) @constant)))
(assignment_expression left: (member_expression) right: [(arrow_function) (function_expression) (class)]) @assigned
(pair key: (property_identifier) value: [(arrow_function) (function_expression)]) @property
(public_field_definition name: (property_identifier) value: [(arrow_function) (function_expression)]) @function

(call_expression function: (identifier) @ref)
(call_expression function: (member_expression property: (property_identifier) @ref))
(new_expression constructor: (identifier) @ref)
(extends_clause value: (identifier) @ref)
(import_specifier name: (identifier) @ref)
(import_clause (identifier) @ref)
(export_specifier name: (identifier) @ref)
(type_annotation (type_identifier) @ref)
(generic_type name: (type_identifier) @ref)
(implements_clause (type_identifier) @ref)
(extends_type_clause type: (type_identifier) @ref)
(union_type (type_identifier) @ref)
(jsx_opening_element name: (identifier) @ref)
(jsx_self_closing_element name: (identifier) @ref)
