"""`bathy eval answers`: a user's set of questions -> answers in several contexts, scored, at a cap.

`reading`, `formats`: a file -> `Item`s. `places`, `plan`: where and in which order they are asked.
`estimate`: the price, before anything is sent. `asking`, `judging`: one answer, one verdict.
`results`: the file that a start after a crash goes on with. `scoring`, `statistics`, `report`:
pure functions from that file to the table. `run` puts them together.
"""
