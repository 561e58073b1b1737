"""bathy: a repository goes in, a cited answer comes out.

repository -> index -> pack -> prompt -> loop -> events -> people and machines
                 |________ retrieve <- question
"""
