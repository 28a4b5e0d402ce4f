"""Signs of risk in a request, shown to those who decide about it; never public: they hint at persons."""
