"""The petition, its status and routing; alerts, call-backs and the sealed lane."""
