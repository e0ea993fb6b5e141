/* nothing.c - a library that the tests name libpam.so.0. */
extern int swrcache_test_nothing;
int swrcache_test_nothing;
