/* Types that stand on borders of their own, and some with padding of all sorts. */
#include <swrcache.h>

typedef int spaced __attribute__((aligned(64)));

struct line {
    _Alignas(64) char bytes[64];
};
struct page {
    _Alignas(4096) char bytes[4096];
};
struct constant {
    char a;
    const long double b;
};
struct padded {
    char a;
    long double b;
    short c[3];
    unsigned d : 3, : 0, e : 5;
    union {
        char f;
        double g;
    } u;
    long double table[2][3];
    double _Complex z;
};

SWR_CACHED(struct padded, members,
           (SWR_VAL(const long double, x), SWR_VAL(long double _Complex, z), SWR_VAL(spaced, s)))
{
    return (struct padded){.a = 'a', .b = x + __real__ z, .d = (unsigned)s & 7};
}

SWR_CACHED(struct line, line_of,
           (SWR_STRUCT(struct padded, p, a, b, c, u.g, table, z), SWR_OUT(struct page, page),
            SWR_OPAQUE(spaced, l), SWR_OUT(spaced, s)))
{
    page->bytes[0] = p ? p->a : 'x';
    *s = 3;
    return (struct line){.bytes = {(char)l}};
}

SWR_INTERPOSE(struct line, theirs, (SWR_STRUCT(struct constant, l, a, b), SWR_OUT(long double, x)));
