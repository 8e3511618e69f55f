"""Fleet operations: plan, apply, verify and roll back the transfer of many devices.

transfer      record of one device, from the source to the report
assignments   reads device-to-customer assignments from a file or a database
snapshot      the cloud's current state, read once
plan          planned actions, as a file for review and approval
owner_change  verdict and flows, there and back, for a new owner or product
rollout       verdict and flows, there and back, for firmware
journal       durable record before and after every step
move          a plan in progress: position of each device, and its next flow
waves         runs transfers concurrently, canary first
apply         carries a plan out
rollback      returns devices to their former owners
verify        proves the end state from evidence
"""
