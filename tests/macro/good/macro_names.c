/* Names that are macros, as libraries prefix their symbols: operations mean what the annotation defined. */
#include <swrcache.h>

#define quote       lib_quote
#define lib_quote   v2_quote /* in two steps */
#define greet       lib_greet
#define box_get     lib_box_get
#define split       lib_split
#define rename_user lib_rename_user
#define remote      lib_remote
#define by_day      lib_by_day
#define packed      lib_packed
#define measure     lib_measure

struct box;
struct box *box_copy(const struct box *b);
void box_free(struct box *b);
static size_t encode(const struct box *b, void *buffer, size_t room)
{
    (void)b;
    (void)buffer;
    return room;
}

SWR_DECLARE(double, quote, (SWR_STR(symbol), SWR_VAL(int, days)));
SWR_DECLARE(int, remote, (SWR_VAL(int, n)));
SWR_DECLARE_STRING(greet, (SWR_STR(who)));
SWR_DECLARE_OBJECT(struct box, box_get, (SWR_VAL(int, id)));
SWR_DECLARE_VOID(split, (SWR_VAL(int, v), SWR_OUT(int, lo)));
SWR_KEY(by_day, (SWR_STR(symbol), SWR_VAL(int, days)), key, room)
{
    (void)key;
    return symbol ? (size_t)days : room;
}
SWR_ENCODER(packed, struct box, encode);

SWR_CACHED(double, quote, (SWR_STR(symbol), SWR_VAL(int, days)), .key = by_day)
{
    return symbol ? days : 0;
}

SWR_CACHED_STRING(greet, (SWR_STR(who)))
{
    return who ? (char *)0 : (char *)0;
}

SWR_CACHED_OBJECT(struct box, box_get, (SWR_VAL(int, id)), box_copy, box_free, .codec = packed)
{
    return id ? (struct box *)0 : (struct box *)0;
}

SWR_CACHED_VOID(split, (SWR_VAL(int, v), SWR_OUT(int, lo)))
{
    *lo = v;
}

SWR_INVALIDATES(int, rename_user, (SWR_VAL(int, id)), ("tag:user:%d", id))
{
    return id;
}

SWR_INTERPOSE(int, measure, (SWR_VAL(int, n)));

size_t all_operations(void);
size_t all_operations(void)
{
    double d = 0;
    char *s = (char *)0;
    struct box *b = (struct box *)0;
    int n = 0;
    size_t matched =
        SWR_INVALIDATE(quote, "ACME", 3) + SWR_EXPIRE(quote, "ACME", 3) + SWR_REFRESH(greet, "you");

    matched += SWR_INVALIDATE_ALL(box_get) + SWR_EXPIRE_ALL(split) + SWR_INVALIDATE(remote, 1);
    matched += SWR_PEEK(quote, &d, "ACME", 3) + SWR_FORCED(quote, &d, "ACME", 3) + SWR_PEEK(greet, &s, "you");
    matched += SWR_PEEK(box_get, &b, 1) + SWR_FORCED(split, (void *)0, 1, &n) + SWR_INVALIDATE(measure, 1);
    d = SWR_UNCACHED(quote)("ACME", 3) + SWR_UNCACHED(rename_user)(2) + SWR_UNCACHED(measure)(3);
    /* What the linker sees is the name behind the macro. */
    d += v2_quote("ACME", 1);
    return matched + (size_t)d;
}
