"""``souspli bridge …``, one module for each of its verbs."""
