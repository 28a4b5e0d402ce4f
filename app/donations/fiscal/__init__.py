"""The host's official receipt for a gift (公益事业捐赠票据): what is known of it. It is never printed here (charity-rules §7)."""
