"""The toolbox at the bottom of the house: plain Python, no Django, nothing of the business.

``problems`` (what is wrong with a value, and the remedy) · ``text`` (folding, pinyin, search tokens) · ``streams`` (reading tables from
files of strangers) · ``writers`` (writing them) · ``time`` · ``money`` · ``progress`` · ``results`` (the balance of a bulk job).
"""
