"""`python -m silicus` is `silicus`."""

from silicus.cli import main

if __name__ == "__main__":
    main()
