/*
 * seeds.c - every line of sdk/README.md's table, run: each does here what the feature did where it comes
 * from. check.sh sees to it that the table's lines stand in this file.
 */
#include "../promises/promise.h"

static _Atomic int computed, shelf = 100;
static _Atomic bool admin, empty, missing;

static bool is_admin(void)
{
    return admin;
}

static _Atomic int64_t schema = 1;

static int64_t schema_number(void)
{
    return schema;
}

static bool is_empty(const void *result)
{
    return *(const int *)result == 0;
}

SWR_REGION_POLICY("shop", .ttl_ms = SWR_SECONDS(20), .stale_ms = SWR_SECONDS(40), .jitter_pct = 0);
SWR_REGION_POLICY("shop.carts", .ttl_ms = SWR_SECONDS(10), .stale_ms = 0, .stale_if_error_ms = 0);

SWR_CACHED(int, price_of, (SWR_STR(article), SWR_VAL(int, pieces)), .region = "shop.prices.eu")
{
    computed++;
    return (article != NULL) * pieces * shelf;
}

SWR_CACHED(int, stock_of, (SWR_VAL(int, article)), .ttl_ms = SWR_SECONDS(20), .stale_ms = SWR_SECONDS(40),
           .jitter_pct = 0, .region = "shop.stock", .invalidate_on = "stock.changed", .unless = is_admin)
{
    computed++;
    return article + shelf;
}

SWR_CACHED(int, warm, (SWR_VAL(int, article)), .keep_warm_ms = SWR_SECONDS(10), .jitter_pct = 0)
{
    computed++;
    return article + shelf;
}

SWR_CACHED(int, found, (SWR_VAL(int, what)), .failed = is_empty)
{
    computed++;
    if (what < 0)
        swrcache_skip();
    return empty ? 0 : what;
}

SWR_CACHED(int, lookup, (SWR_OPAQUE(FILE *, connection), SWR_VAL(int, id)))
{
    computed++;
    return id + (connection != NULL);
}

SWR_KEY(by_day, (SWR_STR(city), SWR_VAL(long, hour)), key, room)
{
    return (size_t)snprintf(key, room, "%s %ld", city, hour / 24);
}

SWR_CACHED(long, forecast, (SWR_STR(city), SWR_VAL(long, hour)), .key = by_day)
{
    computed++;
    return hour + (city == NULL);
}

SWR_KEY(by_digest, (SWR_BYTES(text, len), SWR_VAL(size_t, len)), key, room)
{
    unsigned sum = 0;
    for (size_t i = 0; i < len; i++)
        sum = sum * 31 + ((const unsigned char *)text)[i];
    return (size_t)snprintf(key, room, "%08x", sum);
}

SWR_CACHED(size_t, words, (SWR_BYTES(text, len), SWR_VAL(size_t, len)), .key = by_digest)
{
    computed++;
    return len + (text == NULL);
}

SWR_CACHED_STRING(nickname, (SWR_VAL(int, user)), .fails = SWR_FAILS_NULL, .stale_if_error_ms = 0)
{
    computed++;
    return missing || user == 0 ? NULL : strdup("joe");
}

SWR_CACHED_STRING(motto, (SWR_VAL(int, user)))
{
    computed++;
    return user == 0 ? NULL : strdup("ever on");
}

SWR_CACHED(int, rows, (SWR_VAL(int, table)), .version = 2)
{
    computed++;
    return table;
}

SWR_CACHED(int, columns, (SWR_VAL(int, table)), .version_of = schema_number)
{
    computed++;
    return table;
}

SWR_CACHED(int, near, (SWR_QUANTISED(double, latitude, 0.5)))
{
    computed++;
    return (int)(latitude * 2);
}

struct user {
    int id;
};

static size_t encode_user(const struct user *user, void *buffer, size_t room)
{
    return (size_t)snprintf(buffer, room, "%d", user->id);
}

static struct user *decode_user(const void *bytes, size_t len)
{
    struct user *user = len < 12 ? malloc(sizeof *user) : NULL;
    char text[12] = "";
    memcpy(text, bytes, len < 12 ? len : 0);
    if (user != NULL)
        user->id = atoi(text);
    return user;
}

static struct user *copy_user(const struct user *user)
{
    struct user *copy = malloc(sizeof *copy);
    *copy = *user;
    return copy;
}

SWR_CODEC(user_codec, struct user, encode_user, decode_user);
SWR_CACHED_OBJECT(struct user, user_of, (SWR_VAL(int, id)), copy_user, free, .codec = user_codec)
{
    struct user *user = malloc(sizeof *user);
    computed++;
    user->id = id;
    return user;
}

/* How many bodies ran since the last look. */
static int ran(void)
{
    CHECK(swrcache_drain(10000));
    return atomic_exchange(&computed, 0);
}

/* Flask-Caching's and flask-refresh-cache's decorators. */
static void functions(void)
{
    CHECK(price_of("bolt", 3) == 300 && price_of("bolt", 3) == 300 && ran() == 1);
    CHECK(price_of("bolt", 4) == 400 && ran() == 1);

    /* timeout, refresh_margin */
    stock_of(1);
    shelf = 200;
    swrcache_advance(19000);
    CHECK(stock_of(1) == 101 && ran() == 1);
    swrcache_advance(2000);
    CHECK(stock_of(1) == 101 && ran() == 1 && stock_of(1) == 201);
    swrcache_advance(70000);
    shelf = 300;
    CHECK(stock_of(1) == 301);
    ran();

    /* schedule_periodic_refresh */
    warm(1);
    shelf = 400;
    swrcache_advance(10500);
    CHECK(ran() >= 1 && warm(1) == 401);
    swrcache_invalidate("warm");
    ran();

    /* unless, forced_update */
    int price = 0;
    admin = true;
    CHECK(stock_of(1) == 401 && stock_of(1) == 401 && ran() == 2);
    admin = false;
    price_of("bolt", 3);
    shelf = 500;
    CHECK(SWR_FORCED(price_of, &price, "bolt", 3) && price == 1500 && price_of("bolt", 3) == 1500);
    ran();

    /* response_filter */
    empty = true;
    CHECK(found(5) == 0 && found(5) == 0 && ran() == 2);
    empty = false;
    CHECK(found(-5) == -5 && found(-5) == -5 && ran() == 2);
    CHECK(found(5) == 5 && found(5) == 5 && ran() == 1);

    /* args_to_ignore, make_cache_key, hash_method */
    CHECK(lookup(stdin, 1) == 2 && lookup(NULL, 1) == 2 && ran() == 1);
    CHECK(forecast("Rome", 25) == 25 && forecast("Rome", 26) == 25 && forecast("Oslo", 26) == 26 &&
          ran() == 2);
    CHECK(words("a b", 3) == 3 && words("a b", 3) == 3 && ran() == 1);
    CHECK(near(1.6) == 3 && near(1.9) == 3 && ran() == 1);

    /* cache_none: a NULL is remembered as any result, or it is a failure */
    CHECK(motto(0) == NULL && motto(0) == NULL && ran() == 1);
    CHECK(nickname(0) == NULL && nickname(0) == NULL && ran() == 2);

    /* source_check */
    CHECK(rows(1) == 1 && rows(1) == 1 && ran() == 1);
    CHECK(columns(1) == 1 && columns(1) == 1 && ran() == 1);
    schema++;
    CHECK(columns(1) == 1 && ran() == 1);

    /* serializers */
    for (int i = 0; i < 2; i++) {
        struct user *user = user_of(7);
        CHECK(user != NULL && user->id == 7);
        free(user);
    }
    CHECK(ran() == 1);
}

/* Taking back. */
static void removing(void)
{
    price_of("bolt", 3);
    price_of("nut", 3);
    stock_of(1);
    ran();
    struct swrcache_info info;
    CHECK(price_of("bolt", 3) != 0 && ran() == 0);
    swrcache_last(&info);
    CHECK(info.outcome == SWR_HIT);
    CHECK(SWR_UNCACHED(price_of)("bolt", 3) == price_of("bolt", 3) && ran() == 1);
    CHECK(SWR_INVALIDATE(price_of, "bolt", 3) == 1);
    CHECK(price_of("bolt", 3) != 0 && price_of("nut", 3) != 0 && stock_of(1) != 0 && ran() == 1);
    CHECK(SWR_INVALIDATE_ALL(price_of) >= 2);
    CHECK(price_of("bolt", 3) != 0 && price_of("nut", 3) != 0 && stock_of(1) != 0 && ran() == 2);
    CHECK(swrcache_invalidate("price_of(\"%s\", *)", "bolt") == 1);
    CHECK(price_of("bolt", 3) != 0 && price_of("nut", 3) != 0 && ran() == 1);
    CHECK(swrcache_invalidate("all") >= 3);
    CHECK(price_of("bolt", 3) != 0 && price_of("nut", 3) != 0 && stock_of(1) != 0 && ran() == 3);
}

/* Flask-Caching's cache object, region_cache's regions. */
static void dictionaries(void)
{
    static const char keys[][1] = {{'a'}, {'b'}};
    int cart = 5, carts[2] = {1, 2};
    ssize_t len[2];

    CHECK(swrcache_put("shop.carts", "a", 1, &cart, sizeof cart, 0));
    cart = 0;
    CHECK(swrcache_get("shop.carts", "a", 1, &cart, sizeof cart) == sizeof cart && cart == 5);
    CHECK(swrcache_has("shop.carts", "a", 1) && !swrcache_has("shop.carts", "z", 1));
    CHECK(swrcache_has("shop.carts", "b", 1) || swrcache_put("shop.carts", "b", 1, &cart, sizeof cart, 0));
    cart = 7;
    CHECK(swrcache_get("shop.carts", "b", 1, &cart, sizeof cart) >= 0 ||
          swrcache_put("shop.carts", "b", 1, &cart, sizeof cart, 0));
    CHECK(cart == 5);
    CHECK(swrcache_delete("shop.carts", "a", 1) && !swrcache_delete("shop.carts", "a", 1));

    /* set_many, get_many, get_dict, delete_many */
    swrcache_begin();
    for (int i = 0; i < 2; i++)
        swrcache_put("shop.carts", keys[i], 1, &carts[i], sizeof carts[i], 0);
    swrcache_commit();
    carts[0] = carts[1] = 0;
    for (int i = 0; i < 2; i++)
        len[i] = swrcache_get("shop.carts", keys[i], 1, &carts[i], sizeof carts[i]);
    CHECK(len[0] == sizeof(int) && len[1] == sizeof(int) && carts[0] == 1 && carts[1] == 2);
    swrcache_begin();
    for (int i = 0; i < 2; i++)
        swrcache_delete("shop.carts", keys[i], 1);
    swrcache_commit();
    CHECK(!swrcache_has("shop.carts", "a", 1) && !swrcache_has("shop.carts", "b", 1));

    /* a transaction that is left by an error */
    swrcache_begin();
    swrcache_put("shop.carts", "a", 1, &cart, sizeof cart, 0);
    swrcache_rollback();
    CHECK(!swrcache_has("shop.carts", "a", 1));

    /* timeout of the region, of one value; a write renews it */
    swrcache_put("shop.carts", "a", 1, &cart, sizeof cart, 0);
    CHECK(swrcache_put("shop.carts", "b", 1, &cart, sizeof cart, SWR_SECONDS(30)));
    swrcache_advance(8000);
    swrcache_put("shop.carts", "a", 1, &cart, sizeof cart, 0);
    swrcache_advance(8000);
    CHECK(swrcache_has("shop.carts", "a", 1) && swrcache_has("shop.carts", "b", 1));
    swrcache_advance(8000);
    CHECK(!swrcache_has("shop.carts", "a", 1) && swrcache_has("shop.carts", "b", 1));
}

static void regions(void)
{
    swrcache_invalidate("all");
    price_of("bolt", 3);
    stock_of(1);
    found(1);
    ran();
    CHECK(swrcache_invalidate("region:shop.prices") == 1);
    CHECK(price_of("bolt", 3) != 0 && stock_of(1) != 0 && found(1) == 1 && ran() == 1);
    CHECK(swrcache_invalidate("region:shop") == 2);
    CHECK(price_of("bolt", 3) != 0 && stock_of(1) != 0 && found(1) == 1 && ran() == 2);

    /* invalidate_on */
    CHECK(swrcache_emit("stock.changed") == 1);
    CHECK(price_of("bolt", 3) != 0 && stock_of(1) != 0 && ran() == 1);
    CHECK(swrcache_region_invalidate_on("shop.prices", "list.changed"));
    CHECK(swrcache_emit("list.changed") == 1);
    CHECK(price_of("bolt", 3) != 0 && stock_of(1) != 0 && ran() == 1);

    /* the region's timeout: 20 s fresh, then stale, after 60 s computed anew */
    shelf = 1000;
    swrcache_advance(21000);
    CHECK(price_of("bolt", 3) == 1500 && ran() == 1 && price_of("bolt", 3) == 3000);
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv);
    functions();
    removing();
    dictionaries();
    regions();
    return finish("the table of the seeds");
}
