/* Promise 9: a hit is byte for byte what the function returned, out-parameters and errno included. */
#include "promise.h"

static _Atomic int bodies;

struct record {
    char a;
    double b;
    unsigned char c[40];
};

SWR_CACHED(struct record, record_of,
           (SWR_VAL(int, id), SWR_OUT(int, extra), SWR_OUT_BYTES(text, room), SWR_VAL(int, room)))
{
    struct record r;
    bodies++;
    memset(&r, 0x5a + id, sizeof r);
    r.a = (char)id;
    r.b = id / 3.0;
    *extra = id + 1;
    memset(text, 'a' + id, (size_t)room);
    return r;
}

SWR_CACHED_STRING(text_of, (SWR_VAL(int, id)))
{
    bodies++;
    return id == 0 ? NULL : id == 1 ? strdup("") : strdup("caf\xc3\xa9 \x01\x7f");
}

SWR_CACHED(long double, wide, (SWR_VAL(int, id)))
{
    bodies++;
    return 1.0L / id;
}

SWR_CACHED_VOID(halves, (SWR_VAL(int, id), SWR_OUT(int, low), SWR_OUT(int, high)))
{
    bodies++;
    *low = id / 2;
    *high = id - id / 2;
}

SWR_CACHED(int, absent, (SWR_VAL(int, id)), .fails = SWR_FAILS_NEGATIVE, .negative_ms = 60000)
{
    bodies++;
    errno = ENOENT;
    return -id;
}

static void records(void)
{
    struct record first, again;
    int extra[2] = {0};
    char text[2][8] = {{0}};
    memset(&first, 0, sizeof first);
    memset(&again, 0xff, sizeof again);
    first = record_of(3, &extra[0], text[0], 5);
    errno = 77;
    again = record_of(3, &extra[1], text[1], 5);
    CHECK(outcome() == SWR_HIT && errno == 77 && bodies == 1);
    CHECK(memcmp(&first, &again, sizeof first) == 0);
    CHECK(extra[0] == 4 && extra[1] == 4);
    /* No byte past the room that was given. */
    CHECK(memcmp(text[0], "ddddd\0\0\0", 8) == 0 && memcmp(text[1], text[0], 8) == 0);
}

static void texts(void)
{
    for (int id = 0; id < 3; id++) {
        char *first = text_of(id);
        errno = 78;
        char *again = text_of(id);
        CHECK(outcome() == SWR_HIT && errno == 78);
        CHECK((first == NULL) == (again == NULL) && (first == NULL || strcmp(first, again) == 0));
        CHECK(first == NULL || first != again);
        free(first);
        free(again);
    }
}

/* Read without computing: a remembered failure is told like a hit, with its errno; nothing else touches it.
 */
static void peeked(void)
{
    int got = 1, before = bodies;
    errno = 79;
    CHECK(!SWR_PEEK(absent, &got, 6) && got == 1 && errno == 79);
    CHECK(absent(6) == -6);
    errno = 80;
    CHECK(SWR_PEEK(absent, &got, 6) && got == -6 && errno == ENOENT && outcome() == SWR_HIT);
    CHECK(absent(-6) == 6);
    errno = 81;
    CHECK(SWR_PEEK(absent, &got, -6) && got == 6 && errno == 81);
    CHECK(bodies == before + 2);
}

int main(void)
{
    records();
    texts();
    int low = 0, high = 0;
    CHECK(wide(3) == 1.0L / 3 && wide(3) == 1.0L / 3 && outcome() == SWR_HIT);
    halves(7, &low, &high);
    low = high = 0;
    halves(7, &low, &high);
    CHECK(outcome() == SWR_HIT && low == 3 && high == 4);
    /* A failure that is remembered comes with its errno. */
    errno = 0;
    CHECK(absent(5) == -5 && errno == ENOENT);
    errno = 0;
    int before = bodies;
    CHECK(absent(5) == -5 && errno == ENOENT && outcome() == SWR_HIT && bodies == before);
    peeked();
    return finish("promise 9");
}
