"""Many devices at once: plan, apply, verify and roll back, so that none is ever lost.

transfer      the record of one device, from the source to the report
assignments   reads who is to own which device, from a file or a database
snapshot      what the cloud says now, read once
plan          what will be done, as a file a person reads and approves
owner_change  the verdict on a device that goes to a customer or a product, its flow there and its flow back
rollout       the same for firmware
journal       what was begun and done, on disk before and after every step
move          a plan under way: where each device stands, and its next flow
waves         runs transfers concurrently, canary first
apply         carries a plan out
rollback      gives devices back to whom they came from
verify        proves the end state from evidence
"""
