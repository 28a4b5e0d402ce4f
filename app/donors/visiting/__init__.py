"""Coming in without a password: by the code and the amount of a receipt, or by a link sent to the e-mail on record."""
