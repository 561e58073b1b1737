(table) @table
(table_array_element) @table
(document (pair) @key)
