"""Many devices at once: plan, apply, verify and roll back, so that none is ever lost.

assignments  who is to own which device, from a file or a database
snapshot     what the cloud says now, read once
plan         what will be done, as a file a person reads and approves
journal      what was begun and done, on disk before and after every step
standing     where each device of a plan is: before, half way, there, elsewhere
ways         the way of one device there and back
apply        carries a plan out, wave by wave
verify       proves the end state from evidence
rollback     gives devices back to whom they came from
"""
