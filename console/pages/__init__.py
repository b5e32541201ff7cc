"""The pages of the console: what people see, and the forms by which they act.

`table` says which there are and what each takes. Nothing here decides who may come in, and nothing here acts:
that is `console.guard` and `console.actions`.
"""
