(document (object (pair key: (string)) @key))
