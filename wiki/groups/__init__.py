"""Groups on screens: members, where a group has rights, and changes by admins."""
