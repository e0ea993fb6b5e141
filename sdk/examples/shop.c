/*
 * shop.c - a web shop over SQLite: seven writes, and after each the right answers everywhere, with nothing
 * computed again that the write did not touch.
 *
 * usage: shop [DATABASE]      (a temporary one otherwise)
 */
#include <swrcache.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { USERS = 3, POSTS = 4, ARTICLES = 6, CATEGORIES = 2 };
enum page { PROFILE, POST, COMMENTS, FRONT, STOCK, PRICE, ARTICLE, CATEGORY, DASHBOARD, PAGES };
static const char *const page_names[] = {"profile", "post",    "comments", "front",    "stock",
                                         "price",   "article", "category", "dashboard"};

static sqlite3 *db; /* one connection, serialized by SQLite */
static int computed[PAGES];

static void count(enum page page)
{
    __atomic_fetch_add(&computed[page], 1, __ATOMIC_RELAXED);
}

/* The rows' first column, joined; `id` is the query's parameter. */
static char *text_of(const char *sql, int id)
{
    char *all = calloc(1, 512);
    sqlite3_stmt *statement = NULL;

    if (!all || sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) {
        swrcache_fail();
        return all;
    }
    sqlite3_bind_int(statement, 1, id);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        const char *cell = (const char *)sqlite3_column_text(statement, 0);

        snprintf(all + strlen(all), 512 - strlen(all), "%s%s", *all ? "; " : "", cell ? cell : "");
    }
    if (sqlite3_finalize(statement) != SQLITE_OK)
        swrcache_fail();
    return all;
}

static int number_of(const char *sql, int id)
{
    char *text = text_of(sql, id);
    int number = text ? atoi(text) : 0;

    free(text);
    return number;
}

/* A write. False: it did not happen. */
static bool change(const char *sql, int id, int number, const char *text)
{
    sqlite3_stmt *statement;
    bool done;

    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        return false;
    sqlite3_bind_int(statement, 1, id);
    sqlite3_bind_int(statement, 2, number);
    sqlite3_bind_text(statement, 3, text, -1, SQLITE_STATIC);
    sqlite3_step(statement);
    done = sqlite3_finalize(statement) == SQLITE_OK && sqlite3_changes(db) > 0;
    return done;
}

/* Reading. All of it lives for an hour unless somebody writes. */
SWR_REGION_POLICY("shop", .ttl_ms = SWR_HOURS(1), .jitter_pct = 0);

SWR_CACHED_STRING(profile, (SWR_VAL(int, user)), .region = "shop.people")
{
    count(PROFILE);
    swrcache_tag("user:%d", user);
    return text_of("SELECT name FROM users WHERE id = ?1", user);
}

/* Shows its author: it depends on that profile without anybody saying so. */
SWR_CACHED_STRING(post, (SWR_VAL(int, id)), .region = "shop.blog")
{
    char *title = text_of("SELECT title FROM posts WHERE id = ?1", id);
    char *author = profile(number_of("SELECT author FROM posts WHERE id = ?1", id));
    char *page = malloc(512);

    count(POST);
    if (page)
        snprintf(page, 512, "%s, by %s", title ? title : "", author ? author : "");
    free(title);
    free(author);
    return page;
}

SWR_CACHED_STRING(comments, (SWR_VAL(int, on)), .region = "shop.blog")
{
    count(COMMENTS);
    return text_of("SELECT text FROM comments WHERE post = ?1 ORDER BY rowid", on);
}

SWR_CACHED_STRING(front, (), .region = "shop.blog")
{
    char *page = calloc(1, 512);

    count(FRONT);
    for (int id = 1; page && id <= POSTS; id++) {
        char *one = post(id);

        snprintf(page + strlen(page), 512 - strlen(page), "[%s]", one ? one : "");
        free(one);
    }
    return page;
}

SWR_CACHED(int, stock, (SWR_VAL(int, id)), .region = "shop.stock")
{
    count(STOCK);
    return number_of("SELECT stock FROM articles WHERE id = ?1", id);
}

/* Which price list holds. It is part of the key of whatever shows prices: a new list, new keys. */
static int price_list = 1;

static int64_t current_list(void)
{
    return __atomic_load_n(&price_list, __ATOMIC_ACQUIRE);
}

SWR_CACHED(int, price, (SWR_VAL(int, id)), .region = "shop.prices", .version_of = current_list)
{
    count(PRICE);
    return number_of(current_list() == 1 ? "SELECT cents FROM prices WHERE article = ?1 AND list = 1"
                                         : "SELECT cents FROM prices WHERE article = ?1 AND list = 2",
                     id);
}

SWR_CACHED_STRING(article, (SWR_VAL(int, id)), .region = "shop.catalog", .version_of = current_list)
{
    char *name = text_of("SELECT name FROM articles WHERE id = ?1", id), *page = malloc(512);

    count(ARTICLE);
    if (page)
        snprintf(page, 512, "%s, %d cents, %d left", name ? name : "", price(id), stock(id));
    free(name);
    return page;
}

SWR_CACHED_STRING(category, (SWR_VAL(int, id)), .region = "shop.catalog")
{
    count(CATEGORY);
    swrcache_tag("category:%d", id);
    return text_of("SELECT c.title || ': ' || a.name FROM categories c JOIN articles a ON a.category = c.id "
                   "WHERE c.id = ?1 ORDER BY a.id",
                   id);
}

struct totals {
    int orders, cents;
};

SWR_CACHED(struct totals, dashboard, (), .region = "shop.office")
{
    count(DASHBOARD);
    return (struct totals){number_of("SELECT count(*) FROM orders", 0),
                           number_of("SELECT coalesce(sum(cents), 0) FROM orders", 0)};
}

/* Writing. Each says what it makes old. */
SWR_STATIC_INVALIDATES(bool, edit_post, (SWR_VAL(int, id), SWR_STR(title)), ("post(%d)", id))
{
    if (change("UPDATE posts SET title = ?3 WHERE id = ?1", id, 0, title))
        return true;
    swrcache_fail();
    return false;
}

SWR_STATIC_INVALIDATES(bool, rename_user, (SWR_VAL(int, id), SWR_STR(name)), ("tag:user:%d", id))
{
    if (change("UPDATE users SET name = ?3 WHERE id = ?1", id, 0, name))
        return true;
    swrcache_fail();
    return false;
}

static bool day_closed = true;

SWR_STATIC_INVALIDATES(bool, buy, (SWR_VAL(int, id), SWR_VAL(int, pieces)), ("stock(%d)", id))
{
    /* Sold out: nothing was written, nothing is old. */
    if (!change("UPDATE articles SET stock = stock - ?2 WHERE id = ?1 AND stock >= ?2", id, pieces, "")) {
        swrcache_fail();
        return false;
    }
    day_closed = false;
    return change("INSERT INTO orders SELECT ?2 * cents FROM prices WHERE article = ?1 AND list = 1", id,
                  pieces, "");
}

/* Managers may look at old totals until the day is closed, and while new ones are added up. */

SWR_STATIC_EXPIRES(void, close_day, (), ("dashboard"))
{
    day_closed = true;
}

SWR_STATIC_INVALIDATES(bool, rename_category, (SWR_VAL(int, id), SWR_STR(title)), ("tag:category:%d", id))
{
    if (change("UPDATE categories SET title = ?3 WHERE id = ?1", id, 0, title))
        return true;
    swrcache_fail();
    return false;
}

/* The same by hand. */
static bool add_comment(int on, const char *text)
{
    bool done = change("INSERT INTO comments VALUES (?1, ?3)", on, 0, text);

    if (done)
        SWR_INVALIDATE(comments, on);
    return done;
}

static void replace_price_list(void)
{
    __atomic_store_n(&price_list, 2, __ATOMIC_RELEASE);
}

/* Whether the cache shows what the database holds, page by page. */
static int wrong;

static void compare(enum page page, int id, char *shown, char *true_text)
{
    if (!shown || !true_text || strcmp(shown, true_text) != 0) {
        printf("  wrong: %s(%d) shows \"%s\", and it is \"%s\"\n", page_names[page], id, shown ? shown : "",
               true_text ? true_text : "");
        wrong++;
    }
    free(shown);
    free(true_text);
}

static char *spelt(int a, int b)
{
    char *s = malloc(32);

    if (s)
        snprintf(s, 32, "%d %d", a, b);
    return s;
}

/* Looks at every page. `cost`, if given, is filled with how many bodies of each ran. */
static void look_at_all(int *cost)
{
    char *shown[64];
    struct totals totals;
    int before[PAGES], n = 0, k = 0;

    memcpy(before, computed, sizeof before);
    for (int id = 1; id <= USERS; id++)
        shown[n++] = profile(id);
    for (int id = 1; id <= POSTS; id++) {
        shown[n++] = post(id);
        shown[n++] = comments(id);
    }
    shown[n++] = front();
    for (int id = 1; id <= ARTICLES; id++) {
        shown[n++] = spelt(stock(id), price(id));
        shown[n++] = article(id);
    }
    for (int id = 1; id <= CATEGORIES; id++)
        shown[n++] = category(id);
    totals = dashboard();
    shown[n++] = spelt(totals.orders, totals.cents);
    for (int p = 0; cost && p < PAGES; p++)
        cost[p] = computed[p] - before[p];

    for (int id = 1; id <= USERS; id++)
        compare(PROFILE, id, shown[k++], SWR_UNCACHED(profile)(id));
    for (int id = 1; id <= POSTS; id++) {
        compare(POST, id, shown[k++], SWR_UNCACHED(post)(id));
        compare(COMMENTS, id, shown[k++], SWR_UNCACHED(comments)(id));
    }
    compare(FRONT, 0, shown[k++], SWR_UNCACHED(front)());
    for (int id = 1; id <= ARTICLES; id++) {
        compare(STOCK, id, shown[k++], spelt(SWR_UNCACHED(stock)(id), SWR_UNCACHED(price)(id)));
        compare(ARTICLE, id, shown[k++], SWR_UNCACHED(article)(id));
    }
    for (int id = 1; id <= CATEGORIES; id++)
        compare(CATEGORY, id, shown[k++], SWR_UNCACHED(category)(id));
    totals = SWR_UNCACHED(dashboard)();
    if (!day_closed) /* nobody was promised more */
        totals = (struct totals){atoi(shown[k]), atoi(strchr(shown[k], ' '))};
    compare(DASHBOARD, 0, shown[k++], spelt(totals.orders, totals.cents));
}

/* After a story: everything right, and exactly these bodies ran. */
static void story(const char *what, bool happened, const int *expected)
{
    struct swrcache_info info;
    int cost[PAGES], sum = 0;

    if (!happened) {
        printf("  wrong: %s did not happen\n", what);
        wrong++;
    }
    look_at_all(cost);
    dashboard();
    swrcache_last(&info);
    for (int p = 0; p < PAGES; p++) {
        sum += cost[p];
        if (info.outcome != SWR_BYPASS && cost[p] != expected[p]) {
            printf("  wrong: %s computed %s %d times, not %d\n", what, page_names[p], cost[p], expected[p]);
            wrong++;
        }
    }
    printf("%-28s %2d pages computed again\n", what, sum);
}

static const char schema[] =
    "CREATE TABLE users(id INTEGER PRIMARY KEY, name);"
    "INSERT INTO users(name) VALUES('ann'), ('bob'), ('cleo');"
    "CREATE TABLE posts(id INTEGER PRIMARY KEY, author, title);"
    "INSERT INTO posts(author, title) VALUES(1, 'Bolts'), (1, 'Nuts'), (2, 'Saws'), (3, 'Glue');"
    "CREATE TABLE comments(post, text);"
    "INSERT INTO comments VALUES(1, 'first'), (2, 'nice');"
    "CREATE TABLE categories(id INTEGER PRIMARY KEY, title);"
    "INSERT INTO categories(title) VALUES('Metal'), ('Wood');"
    "CREATE TABLE articles(id INTEGER PRIMARY KEY, category, name, stock);"
    "INSERT INTO articles(category, name, stock) VALUES(1, 'bolt', 10), (1, 'nut', 20), (1, 'screw', 30),"
    " (2, 'saw', 4), (2, 'plane', 5), (2, 'file', 6);"
    "CREATE TABLE prices(list, article, cents);"
    "INSERT INTO prices SELECT 1, id, id * 10 FROM articles;"
    "INSERT INTO prices SELECT 2, id, id * 11 FROM articles;"
    "CREATE TABLE orders(cents);";

int main(int argc, char **argv)
{
    char path[] = "/tmp/shop-XXXXXX";
    const char *name = argc > 1 ? argv[1] : path;
    int fd = argc > 1 ? -1 : mkstemp(path);

    if (fd >= 0)
        close(fd);
    if (sqlite3_open_v2(name, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX,
                        NULL) != SQLITE_OK ||
        sqlite3_exec(db, schema, NULL, NULL, NULL) != SQLITE_OK) {
        printf("%s: %s\n", name, sqlite3_errmsg(db));
        return 1;
    }
    look_at_all(NULL);

    story("nothing happened", true, (const int[PAGES]){0});
    story("post edited", edit_post(1, "Big bolts"), (const int[PAGES]){[POST] = 1, [FRONT] = 1});
    story("profile changed", rename_user(1, "anna"),
          (const int[PAGES]){[PROFILE] = 1, [POST] = 2, [FRONT] = 1});
    story("purchase lowers stock", buy(4, 3), (const int[PAGES]){[STOCK] = 1, [ARTICLE] = 1});
    story("purchase of too many", !buy(4, 3), (const int[PAGES]){0});
    close_day();
    dashboard(); /* may still be old; a refresh is on its way */
    swrcache_drain(10000);
    story("dashboard refreshed", dashboard().orders == 1, (const int[PAGES]){0});
    story("category updated", rename_category(1, "Iron"), (const int[PAGES]){[CATEGORY] = 1});
    story("comment added", add_comment(1, "second"), (const int[PAGES]){[COMMENTS] = 1});
    replace_price_list();
    story("price list replaced", price(1) == 11,
          (const int[PAGES]){[PRICE] = ARTICLES - 1, [ARTICLE] = ARTICLES});

    sqlite3_close(db);
    if (argc <= 1)
        unlink(path);
    return wrong != 0;
}
