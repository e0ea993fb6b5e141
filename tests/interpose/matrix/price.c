/* price.c - a library whose answers tell calls apart: the n-th call gets n. */
double price(const char *symbol, int days);
double price_inside(void);
typedef double price_fn(const char *, int);

#ifdef PROTECTED
#define VISIBLE __attribute__((visibility("protected")))
#elif defined(HIDDEN)
#define VISIBLE __attribute__((visibility("hidden")))
#else
#define VISIBLE
#endif

#ifdef IFUNC
/* The library chooses which one it is when it is bound. */
static double chosen(const char *symbol, int days)
{
    static double calls;
    (void)symbol;
    (void)days;
    return ++calls;
}
static price_fn *choose(void)
{
    return chosen;
}
double price(const char *symbol, int days) __attribute__((ifunc("choose")));
#else
VISIBLE double price(const char *symbol, int days)
{
    static double calls;
    (void)symbol;
    (void)days;
    return ++calls;
}
#endif

/* Its own call of it. */
double price_inside(void)
{
    return price("ACME", 3);
}

#ifdef TABLE
/* Data that a program may have a copy of. */
extern price_fn *price_table[1];
price_fn *price_table[1] = {price};
#endif
