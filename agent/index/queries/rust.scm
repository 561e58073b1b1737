(function_item) @function
(function_signature_item) @function
(struct_item) @struct
(enum_item) @enum
(union_item) @struct
(trait_item) @interface
(impl_item) @impl
(mod_item) @module
(type_item) @type
(macro_definition) @macro
(source_file (const_item) @constant)
(source_file (static_item) @constant)

(call_expression function: (identifier) @ref)
(call_expression function: (field_expression field: (field_identifier) @ref))
(call_expression function: (scoped_identifier name: (identifier) @ref))
(macro_invocation macro: (identifier) @ref)
(struct_expression name: (type_identifier) @ref)
(use_list (identifier) @ref)
(use_declaration argument: (scoped_identifier name: (identifier) @ref))
(parameter type: (type_identifier) @ref)
(reference_type type: (type_identifier) @ref)
(generic_type type: (type_identifier) @ref)
(impl_item trait: (type_identifier) @ref)
