"""A change of purpose after the council resolved it: the donors' word, the public notice, the filing, and the move."""
