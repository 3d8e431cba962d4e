"""Claims: sentences whose numbers are addresses, and the check of any text against the record.

`evidence` is what there is to claim, `operations` compute, `render` writes a claim out and verifies
it. Text that anyone wrote goes through `numbers` and `words` to `tokens`; `grammar`, with
`patterns` and `frames`, says what a clause asserts; `resolve` finds the comparison it is about;
`roles`, `quantities` and `directions` test each part; `bind` puts it together.
"""
