"""The books: earmarks, projects, money accounts, sealed entries, balances, pools, tranches, periods."""
