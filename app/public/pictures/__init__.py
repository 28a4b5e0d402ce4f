"""Public photographs, made small."""
