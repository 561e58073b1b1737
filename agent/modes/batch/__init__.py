"""Many tasks -> a file of results, in threads, processes or on a cluster, for one sum of money."""
