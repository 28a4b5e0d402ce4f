"""Into which bank account a payee is paid; for the office alone."""
