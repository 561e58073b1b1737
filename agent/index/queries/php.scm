(class_declaration) @class
(interface_declaration) @interface
(trait_declaration) @class
(enum_declaration) @enum
(function_definition) @function
(method_declaration) @method
(const_declaration (const_element) @constant)

(function_call_expression function: (name) @ref)
(member_call_expression name: (name) @ref)
(scoped_call_expression name: (name) @ref)
(object_creation_expression (name) @ref)
(base_clause (name) @ref)
(class_interface_clause (name) @ref)
(named_type (name) @ref)
