"""Pure rules over ``data/safety.yml`` that run before a message is stored or sent.

``rules`` decides, ``matching`` finds phrases as people type them, ``identity`` finds
numbers of identity papers, ``model`` is the shape of the file.
"""
