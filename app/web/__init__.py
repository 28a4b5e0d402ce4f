"""What every page of the site shares: access, forms, rendering, caching, security. No domain."""
