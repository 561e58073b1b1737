(class_declaration) @class
(interface_declaration) @interface
(struct_declaration) @struct
(enum_declaration) @enum
(record_declaration) @class
(namespace_declaration) @module
(method_declaration) @method
(constructor_declaration) @method
(property_declaration) @property
(delegate_declaration) @type

(invocation_expression function: (identifier) @ref)
(invocation_expression function: (member_access_expression name: (identifier) @ref))
(object_creation_expression type: (identifier) @ref)
(base_list (identifier) @ref)
(parameter type: (identifier) @ref)
(generic_name (identifier) @ref)
