"""What each route asks for, and the page that shows all permissions."""
