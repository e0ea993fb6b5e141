/* price.c - a library whose answers tell calls apart: the n-th call gets n. */
double price(const char *symbol, int days);
double price_inside(void);
typedef double price_fn(const char *, int);

#ifdef PROTECTED
#define VISIBLE __attribute__((visibility("protected")))
#else
#define VISIBLE
#endif

VISIBLE double price(const char *symbol, int days)
{
    static double calls;
    (void)symbol;
    (void)days;
    return ++calls;
}

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
