(class_declaration) @class
(interface_declaration) @interface
(enum_declaration) @enum
(record_declaration) @class
(annotation_type_declaration) @interface
(method_declaration) @method
(constructor_declaration) @method
(field_declaration declarator: (variable_declarator) @field)

(method_invocation name: (identifier) @ref)
(object_creation_expression type: (type_identifier) @ref)
(superclass (type_identifier) @ref)
(super_interfaces (type_list (type_identifier) @ref))
(generic_type (type_identifier) @ref)
(formal_parameter type: (type_identifier) @ref)
(import_declaration (scoped_identifier name: (identifier) @ref))
(method_reference (identifier) @ref)
(marker_annotation name: (identifier) @ref)
(annotation name: (identifier) @ref)
