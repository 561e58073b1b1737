(function_definition) @function
(program (variable_assignment) @variable)

(command name: (command_name (word) @ref))
