"""Who a commune, ward or district is: profile, programmes, places, as data."""
