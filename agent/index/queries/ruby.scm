(class) @class
(module) @module
(method) @method
(singleton_method) @method
(program (assignment left: (constant)) @constant)
(body_statement (assignment left: (constant)) @constant)

(call method: (identifier) @ref)
(call receiver: (constant) @ref)
(superclass (constant) @ref)
(scope_resolution name: (constant) @ref)
