(function_declaration) @function
(method_declaration) @method
(type_declaration (type_spec) @type)
(type_declaration (type_alias) @type)
(source_file (const_declaration (const_spec) @constant))
(source_file (var_declaration (var_spec) @variable))
(source_file (var_declaration (var_spec_list (var_spec) @variable)))

(call_expression function: (identifier) @ref)
(call_expression function: (selector_expression field: (field_identifier) @ref))
(composite_literal type: (type_identifier) @ref)
(composite_literal type: (qualified_type name: (type_identifier) @ref))
(pointer_type (type_identifier) @ref)
(parameter_declaration type: (type_identifier) @ref)
(field_declaration type: (type_identifier) @ref)
