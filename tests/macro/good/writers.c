/* Writers of every return, any kind, one target and fifteen, and regions wherever they may stand. */
#include <swrcache.h>

#define USER "tag:user:%d"

struct user {
    int id;
    char name[8];
};
struct pair {
    int a, b;
};

SWR_REGION_POLICY("shop", .ttl_ms = SWR_MINUTES(2));
SWR_REGION_POLICY("shop.stock", .stale_ms = 0, .invalidate_on = "stock.changed");

int save(int id, const char *name);
void forget(void);

SWR_INVALIDATES(int, save, (SWR_VAL(int, id), SWR_STR(name)), (USER, id), ("user_list"))
{
    if (!name)
        swrcache_fail();
    return id;
}
SWR_INVALIDATES(void, forget, (), ("all"))
{
}
SWR_EXPIRES(void, refreshed, (void), ("region:shop"))
{
    SWR_REGION_POLICY("shop.eu", .ttl_ms = 5);
}
SWR_EXPIRES(const char *, swap, (SWR_STRUCT(struct user, user, id, name)), ("user(%d)", user->id),
            ("tag:user:%s", user->name))
{
    return user->name;
}
SWR_STATIC_INVALIDATES(struct pair, create, (SWR_OUT(int, id), SWR_BYTES(data, len), SWR_VAL(size_t, len)),
                       ("tag:user:%d", *id), ("tag:%.*s", (int)len, (const char *)data))
{
    *id = data ? 4 : 5;
    return (struct pair){1, (int)len};
}
SWR_STATIC_EXPIRES(void *, hand_on, (SWR_OPAQUE(void *, db)), ("a"), ("b"), ("c"), ("d"), ("e"), ("f"), ("g"),
                   ("h"), ("i"), ("j"), ("k"), ("l"), ("m"), ("n"), ("o"))
{
    return db;
}

int main(void)
{
    int id;

    forget();
    refreshed();
    return create(&id, "x", 1).a + (hand_on(0) != 0) + SWR_UNCACHED(save)(1, "a");
}
