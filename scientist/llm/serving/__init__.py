"""A model that is served until it is stopped: vLLM on the cards of this machine, or llama.cpp;
to embed, MiniLM on its processor, or vLLM.

`wishes` is what a user asks for, `table` and `cards` what fits, `flags` the command line that
follows, `launch` the process, `records` how other commands find it, `reasons` why it failed,
`figures` how busy it is.
"""
