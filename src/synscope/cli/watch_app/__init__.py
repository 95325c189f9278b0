"""The live view of `synscope watch`: a Textual app over the connections that a session drains.

The session, its hooks and its draining are those of the plain `watch`: what the app does, it does with
what has left the kernel already.
"""
