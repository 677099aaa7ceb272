"""The rows of the demo: one module a table with ``columns`` and ``rows(world)``; see ``app_schema.seeding``.

A row depends on the seed, its table and its number alone, so any module can work another table's
row out again instead of keeping it: memory stays constant at any scale.
"""
