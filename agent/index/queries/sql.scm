(create_table) @table
(create_view) @view
(create_function) @function
(create_index) @index
(create_type) @type
