/* key.c - arguments in, bytes out, arguments again. */
#include "unit.h"
#include "core/hash.h"

#include <criterion/criterion.h>
#include <float.h>

struct point {
    char tag; /* padding after it */
    int x;
    double y;
    char name[8];
};

SWR_STATIC_CACHED(int, word, (SWR_VAL(uint64_t, x)))
{
    return (int)x;
}

SWR_STATIC_CACHED(int, two_words, (SWR_VAL(int, a), SWR_VAL(int, b)))
{
    return a + b;
}

SWR_STATIC_CACHED(int, texts, (SWR_STR(a), SWR_STR(b)))
{
    return a != NULL && b != NULL;
}

SWR_STATIC_CACHED(int, blob, (SWR_BYTES(data, len), SWR_VAL(long, len)))
{
    return data != NULL && len > 0;
}

SWR_STATIC_CACHED(int, place, (SWR_STRUCT(struct point, p, tag, y)))
{
    return p != NULL;
}

SWR_STATIC_CACHED(int, outs,
                  (SWR_OPAQUE(void *, context), SWR_VAL(short, n), SWR_OUT(double, mean),
                   SWR_OUT_BYTES(buffer, n)))
{
    memset(buffer, 0, (size_t)n);
    *mean = n;
    return context != NULL;
}

SWR_STATIC_CACHED(int, wide, (SWR_VAL(long double, x)))
{
    return x > 0;
}

SWR_STATIC_CACHED(int, text, (SWR_STR(s)))
{
    return s != NULL;
}

SWR_STATIC_CACHED(int, nothing, (void))
{
    return 1;
}

SWR_STATIC_CACHED(int, first_version, (SWR_VAL(uint64_t, x)), .version = 1)
{
    return (int)x;
}

SWR_STATIC_CACHED(int, second_version, (SWR_VAL(uint64_t, x)), .version = 2)
{
    return (int)x;
}

SWR_STATIC_CACHED(int, mixed,
                  (SWR_STR(s), SWR_VAL(char, c), SWR_BYTES(data, len), SWR_VAL(size_t, len),
                   SWR_STRUCT(struct point, p, tag, x, y, name), SWR_OPAQUE(int, handle), SWR_OUT(int, out)))
{
    *out = handle;
    return s != NULL && data != NULL && p != NULL && c && len;
}

Test(key, one_word_is_its_own_key)
{
    struct key_shape shape = SHAPE(word);
    uint64_t x = UINT64_C(0x1122334455667788);
    struct swrcache_arg args[] = {VAL(x)};
    struct packed p;
    cr_assert_eq(shape.plain, KEY_OF_WORD);
    cr_assert(pack(&p, &shape, args));
    cr_assert_eq(p.key.len, 8);
    cr_assert_eq(memcmp(p.bytes, &x, 8), 0);
}

Test(key, scalars_stand_one_after_the_other)
{
    struct key_shape shape = SHAPE(two_words);
    int a = 1, b = -1;
    struct swrcache_arg args[] = {VAL(a), VAL(b)};
    struct packed p;
    cr_assert_neq(shape.plain, KEY_OF_WORD);
    cr_assert(pack(&p, &shape, args));
    cr_assert_eq(p.key.len, 8);
    cr_assert_eq(memcmp(p.bytes + 4, &b, 4), 0);
}

Test(key, strings_do_not_run_into_each_other)
{
    static const char *const pairs[][2] = {
        {"ab", "c"},   {"a", "bc"},  {"abc", ""}, {"", "abc"}, {NULL, "abc"},
        {"abc", NULL}, {NULL, NULL}, {"", ""},    {NULL, ""},  {"", NULL},
    };
    enum { PAIRS = sizeof pairs / sizeof *pairs };
    struct key_shape shape = SHAPE(texts);
    static struct packed packed[PAIRS];
    for (size_t i = 0; i < PAIRS; i++) {
        struct swrcache_arg args[] = {STR(pairs[i][0]), STR(pairs[i][1])};
        cr_assert(pack(&packed[i], &shape, args));
        for (size_t j = 0; j < i; j++)
            cr_assert_not(same_key(&packed[i].key, &packed[j].key), "pairs %zu and %zu encode alike", i, j);
    }
}

Test(key, bytes_count_by_their_length)
{
    struct key_shape shape = SHAPE(blob);
    struct packed empty, null, zeros, doubtful;
    long none = 0, three = 3;
    struct swrcache_arg with_none[] = {BYTES("", 0), VAL(none)}, with_null[] = {BYTES(NULL, 0), VAL(none)},
                        with_zeros[] = {BYTES("\0\0\0", 3), VAL(three)};
    cr_assert(pack(&empty, &shape, with_none));
    cr_assert(pack(&null, &shape, with_null));
    cr_assert(pack(&zeros, &shape, with_zeros));
    cr_assert_not(same_key(&empty.key, &null.key), "NULL is not the same as no bytes");
    cr_assert_eq(zeros.key.len, empty.key.len + 3);
    struct swrcache_arg negative[] = {BYTES("x", SIZE_MAX), VAL(three)},
                        without[] = {BYTES(NULL, 3), VAL(three)};
    cr_assert_not(pack(&doubtful, &shape, negative));
    cr_assert_eq(key_size(&shape, negative), KEY_DOUBTFUL);
    cr_assert_eq(key_size(&shape, without), KEY_DOUBTFUL);
}

Test(key, too_long_is_told)
{
    struct key_shape shape = SHAPE(blob);
    long len = 1;
    struct swrcache_arg args[] = {BYTES("x", (size_t)UINT32_MAX), VAL(len)};
    cr_assert_eq(key_size(&shape, args), KEY_TOO_LONG);
}

SWR_STATIC_CACHED_VOID(many_bytes, (SWR_BYTES(a, len), SWR_BYTES(b, len), SWR_STR(c), SWR_VAL(size_t, len),
                                    SWR_OUT_BYTES(d, len), SWR_OUT_BYTES(e, len)))
{
    (void)(len != 0 && a != NULL && b != NULL && c != NULL && d != NULL && e != NULL);
}

/* Whatever a program says of its lengths: no sum of them is small. */
Test(key, lengths_that_wrap_make_no_key)
{
    static const size_t lengths[] = {(size_t)1 << 31, UINT32_MAX,       (size_t)1 << 32, (size_t)1 << 62,
                                     (size_t)1 << 63, SIZE_MAX / 3 * 2, SIZE_MAX - 100,  SIZE_MAX - 8,
                                     SIZE_MAX - 7,    SIZE_MAX - 1};
    struct key_shape shape = SHAPE(many_bytes);
    char x[64] = "x";
    unsigned char room[512];
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        size_t n = lengths[i], wraps = 0 - n;
        struct swrcache_arg both[] = {BYTES(x, n), BYTES(x, wraps), STR(x), VAL(n), BYTES(x, 1), BYTES(x, 1)},
                            one[] = {BYTES(x, n), BYTES(x, 1), STR(x), VAL(n), BYTES(x, 1), BYTES(x, 1)},
                            outs[] = {BYTES(x, 1), BYTES(x, 1), STR(x), VAL(n), BYTES(x, n), BYTES(x, wraps)};
        cr_assert_lt(key_size(&shape, both), 0, "%zu and %zu", n, wraps);
        cr_assert_lt(key_encode_seen(&shape, both, room, sizeof room), 0, "%zu and %zu", n, wraps);
        cr_assert_eq(key_size(&shape, one), KEY_TOO_LONG, "%zu", n);
        cr_assert_lt(key_encode(&shape, one, room, sizeof room), 0, "%zu", n);
        cr_assert_eq(key_size(&shape, outs), KEY_TOO_LONG, "%zu and %zu of room", n, wraps);
    }
    struct swrcache_arg good[] = {BYTES(x, 3), BYTES(x, 5), STR(x), VAL(*lengths), BYTES(x, 1), BYTES(x, 64)};
    cr_assert_eq(key_size(&shape, good), 11 + 13 + 10 + 8 + 8 + 8);
}

Test(key, only_the_named_fields_count_and_no_padding)
{
    struct key_shape shape = SHAPE(place);
    struct point a, b;
    struct packed p, q, null;
    memset(&a, 0x00, sizeof a);
    memset(&b, 0xff, sizeof b);
    a.tag = b.tag = 't';
    a.y = b.y = 2.5;
    struct swrcache_arg of_a[] = {{&a, sizeof a}}, of_b[] = {{&b, sizeof b}}, of_null[] = {{NULL, sizeof a}};
    cr_assert(pack(&p, &shape, of_a));
    cr_assert(pack(&q, &shape, of_b));
    cr_assert(same_key(&p.key, &q.key));
    cr_assert_eq(p.key.len, 1 + 1 + 8);
    b.y = 3;
    cr_assert(pack(&q, &shape, of_b));
    cr_assert_not(same_key(&p.key, &q.key));
    cr_assert(pack(&null, &shape, of_null));
    cr_assert_eq(null.key.len, 1);
}

Test(key, opaque_and_out_are_no_part_of_it)
{
    struct key_shape shape = SHAPE(outs);
    int here, there;
    void *one = &here, *two = &there;
    short n = 4;
    double mean;
    char room[8];
    struct packed p, q, doubtful;
    struct swrcache_arg first[] = {VAL(one), VAL(n), VAL(mean), BYTES(room, 4)},
                        second[] = {VAL(two), VAL(n), VAL(mean), BYTES(room + 4, 4)},
                        other_room[] = {VAL(one), VAL(n), VAL(mean), BYTES(room, 5)},
                        no_out[] = {VAL(one), VAL(n), {NULL, 8}, BYTES(room, 4)},
                        no_room[] = {VAL(one), VAL(n), VAL(mean), BYTES(NULL, 4)};
    cr_assert(pack(&p, &shape, first));
    cr_assert(pack(&q, &shape, second));
    cr_assert(same_key(&p.key, &q.key));
    cr_assert(pack(&q, &shape, other_room));
    cr_assert_not(same_key(&p.key, &q.key));
    cr_assert_not(pack(&doubtful, &shape, no_out));
    cr_assert_not(pack(&doubtful, &shape, no_room));
    cr_assert_eq(key_opaque_size(&shape), sizeof one);
    unsigned char opaque[sizeof one];
    key_opaque_copy(&shape, second, opaque);
    cr_assert_eq(memcmp(opaque, &two, sizeof two), 0);
}

Test(key, unused_bytes_of_a_long_double_do_not_count)
{
    struct key_shape shape = SHAPE(wide);
    struct packed p, q;
    union {
        long double value;
        unsigned char bytes[sizeof(long double)];
    } a, b;
    memset(&a, 0x00, sizeof a);
    memset(&b, 0xff, sizeof b);
    a.value = b.value = 1.5L;
    if (LDBL_MANT_DIG == 64)
        memset(b.bytes + 10, 0xee, sizeof b - 10);
    struct swrcache_arg of_a[] = {VAL(a)}, of_b[] = {VAL(b)};
    cr_assert(pack(&p, &shape, of_a));
    cr_assert(pack(&q, &shape, of_b));
    cr_assert(same_key(&p.key, &q.key));
}

Test(key, no_parameters_make_an_empty_key)
{
    struct key_shape shape = SHAPE(nothing);
    struct swrcache_arg args[] = {{NULL, 0}};
    struct packed p;
    cr_assert(pack(&p, &shape, args));
    cr_assert_eq(p.key.len, 0);
}

Test(key, another_version_is_another_key)
{
    struct key_shape one = SHAPE(first_version), two = SHAPE(second_version);
    uint64_t x = 7;
    struct swrcache_arg args[] = {VAL(x)};
    struct packed p, q;
    struct key_cursor cursor;
    cr_assert_neq(one.plain, KEY_OF_WORD);
    cr_assert(pack(&p, &one, args));
    cr_assert(pack(&q, &two, args));
    cr_assert_not(same_key(&p.key, &q.key));
    key_split(&two, &q.key, &cursor);
    cr_assert_eq(memcmp(cursor.bytes, &x, sizeof x), 0, "the version is not the argument");
}

Test(key, hashes_depend_on_seed_and_bytes)
{
    struct key_shape one = shape_of(SITE(word), 1), two = shape_of(SITE(word), 2);
    uint64_t x = 7, y = 8;
    const unsigned char *of_x = (const unsigned char *)&x, *of_y = (const unsigned char *)&y;
    cr_assert_eq(key_hash(&one, of_x, 8), key_hash(&one, of_x, 8));
    cr_assert_neq(key_hash(&one, of_x, 8), key_hash(&two, of_x, 8));
    cr_assert_neq(key_hash(&one, of_x, 8), key_hash(&one, of_y, 8));
    cr_assert_neq(key_hash(&one, of_x, 7), key_hash(&one, of_x, 8));
}

Test(key, a_text_hashes_as_its_encoded_key)
{
    struct key_shape shape = SHAPE(text);
    const char *const texts[] = {"", "a", "seven c", "a key of more than sixteen characters", "\x01"};
    cr_assert_eq(shape.plain, KEY_OF_TEXT);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct swrcache_arg args[] = {STR(texts[i])};
        struct packed p;
        cr_assert(pack(&p, &shape, args));
        cr_assert_eq(hash_bytes(&shape, texts[i], strlen(texts[i])), key_hash(&shape, p.key.bytes, p.key.len),
                     "'%s'", texts[i]);
    }
}

/* How many of a run of hashes meet in a shard at the most; how many buckets and tags they use. */
struct spreading {
    unsigned shards[64], most, buckets, tags, of_16;
    bool bucket[1024], tag[256], mark[1 << 16];
};

static void spread(struct spreading *s, uint64_t hash)
{
    unsigned in = ++s->shards[hash % 64];
    bool *bucket = &s->bucket[hash >> 54], *tag = &s->tag[hash >> 16 & 255], *mark = &s->mark[hash & 0xffff];
    s->most = in > s->most ? in : s->most;
    s->buckets += !*bucket;
    s->tags += !*tag;
    s->of_16 += !*mark;
    *bucket = *tag = *mark = true;
}

static void judge(const struct spreading *s, uint64_t seed, unsigned at)
{
    cr_assert_lt(s->most, 80, "seed %u, %u: a shard of %u", (unsigned)seed, at, s->most);
    cr_assert_gt(s->buckets, 256, "seed %u, %u: %u buckets", (unsigned)seed, at, s->buckets);
    cr_assert_gt(s->tags, 100, "seed %u, %u: %u tags", (unsigned)seed, at, s->tags);
    cr_assert_gt(s->of_16, 900, "seed %u, %u: %u words in slots", (unsigned)seed, at, s->of_16);
}

/* Keys that differ in few places, wherever these are, must fill shards, buckets and tags alike. */
Test(key, words_of_every_stride_are_spread)
{
    static struct spreading s;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct key_shape shape = shape_of(SITE(word), seed * UINT64_C(0x9e3779b97f4a7c15));
        for (unsigned shift = 0; shift <= 54; shift++) {
            s = (struct spreading){.most = 0};
            for (uint64_t i = 0; i < 1024; i++)
                spread(&s, hash_word(&shape, i << shift));
            judge(&s, seed, shift);
        }
    }
}

Test(key, texts_that_differ_anywhere_are_spread)
{
    static struct spreading s;
    static const size_t lengths[] = {3, 4, 7, 8, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65};
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct key_shape shape = shape_of(SITE(text), seed * UINT64_C(0x9e3779b97f4a7c15));
        for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++)
            for (size_t at = 0; at + 3 <= lengths[l]; at++) {
                char chars[65];
                s = (struct spreading){.most = 0};
                memset(chars, 'k', sizeof chars);
                for (unsigned i = 0; i < 1024; i++) {
                    chars[at] = (char)('0' + i % 10);
                    chars[at + 1] = (char)('0' + i / 10 % 10);
                    chars[at + 2] = (char)('0' + i / 100);
                    spread(&s, hash_bytes(&shape, chars, lengths[l]));
                }
                judge(&s, seed, (unsigned)(lengths[l] * 100 + at));
            }
    }
}

Test(key, a_string_that_grew_meanwhile_makes_no_key)
{
    struct key_shape shape = SHAPE(texts);
    char first[16] = "abc";
    struct swrcache_arg args[] = {STR(first), STR("z")};
    unsigned char buffer[64];
    ptrdiff_t size = key_size(&shape, args);
    strcpy(first, "abcdefghij");
    cr_assert_eq(key_encode(&shape, args, buffer, (size_t)size), KEY_TOO_LONG);
}

Test(key, a_string_that_shrank_meanwhile_is_what_it_is_now)
{
    struct key_shape shape = SHAPE(texts);
    char first[16] = "abcdef";
    struct swrcache_arg args[] = {STR(first), STR("z")};
    unsigned char buffer[64];
    struct packed now;
    ptrdiff_t size = key_size(&shape, args);
    first[2] = 0;
    ptrdiff_t len = key_encode(&shape, args, buffer, (size_t)size);
    cr_assert(pack(&now, &shape, args));
    struct key key = {0, (size_t)len, buffer};
    cr_assert(len > 0 && same_key(&key, &now.key));
}

Test(key, decoding_gives_copies_of_all_arguments)
{
    struct key_shape shape = SHAPE(mixed);
    char text[] = "text", c = 'q', data[] = "a\0b";
    size_t len = 3;
    struct point p = {'t', -5, 0.5, "name"};
    int handle = 99, out = 0;
    struct swrcache_arg args[] = {STR(text), VAL(c),      BYTES(data, len), VAL(len),
                                  VAL(p),    VAL(handle), VAL(out)};
    struct swrcache_arg back[KEY_MAX_PARAMS];
    struct packed first, again;
    unsigned char opaque[sizeof handle];
    cr_assert(pack(&first, &shape, args));
    key_opaque_copy(&shape, args, opaque);
    size_t size = key_room(&shape, &first.key);
    unsigned char *room = aligned_alloc(16, (size + 15) & ~(size_t)15);
    key_decode(&shape, &first.key, opaque, room, back);
    memset(text, 'x', 4); /* the caller's own are gone */
    memset(data, 'x', 3);

    cr_assert_str_eq(back[0].data, "text");
    cr_assert_eq(*(const char *)back[1].data, 'q');
    cr_assert_eq(back[2].size, 3);
    cr_assert_eq(memcmp(back[2].data, "a\0b", 3), 0);
    cr_assert_eq(*(const size_t *)back[3].data, 3);
    const struct point *point = back[4].data;
    cr_assert(point->tag == 't' && point->x == -5 && point->y == 0.5 && strcmp(point->name, "name") == 0);
    cr_assert_eq(*(const int *)back[5].data, 99);
    cr_assert_not_null(back[6].data);
    for (size_t i = 0; i < 7; i++) {
        const unsigned char *at = back[i].data;
        cr_assert_eq((uintptr_t)at % 16, 0, "argument %zu is not aligned", i);
        cr_assert(at >= room && at < room + size, "argument %zu is outside the room", i);
    }
    cr_assert(pack(&again, &shape, back));
    cr_assert(same_key(&first.key, &again.key));
    free(room);
}

typedef float lanes __attribute__((vector_size(16)));

struct line {
    _Alignas(64) float f[16];
};

struct padded {
    char tag; /* padding after it */
    long double wide, row[3], table[2][2];
    long double _Complex complex;
    char text[3];
};

SWR_STATIC_CACHED(int, of_padded, (SWR_STRUCT(struct padded, p, tag, wide, row, table, complex, text)))
{
    return p != NULL;
}

/* A function keeps them; a test does not. */
static void drop(struct bits *bits, const struct swrcache_site *site)
{
    for (uint32_t i = 0; bits->masks != NULL && i <= site->nparams; i++)
        os_free((void *)(uintptr_t)bits->masks[i]);
    os_free((void *)(uintptr_t)bits->masks);
    bits->masks = NULL;
}

/* Two of the same fields in memory that was something else before. */
Test(key, fields_leave_their_padding_out)
{
    struct key_shape shape = SHAPE(of_padded);
    struct bits bits;
    struct packed p[2];
    struct padded *of[2] = {malloc(sizeof **of), malloc(sizeof **of)};
    cr_assert(bits_of(&bits, SITE(of_padded)));
    shape.bits = &bits;
    for (int i = 0; i < 2; i++) {
        memset(of[i], i == 0 ? 0 : 0xa5, sizeof **of);
        of[i]->tag = 't';
        of[i]->wide = 1.5L;
        for (int j = 0; j < 3; j++) {
            of[i]->row[j] = j;
            of[i]->text[j] = 'a';
        }
        for (int j = 0; j < 4; j++)
            of[i]->table[j / 2][j % 2] = j;
        __real__ of[i]->complex = 2;
        __imag__ of[i]->complex = 3;
        struct swrcache_arg args[] = {BYTES(of[i], sizeof **of)};
        cr_assert(pack(&p[i], &shape, args));
        cr_assert_eq(key_hash_args(&shape, args), p[i].key.hash);
        cr_assert(key_same_args(&shape, args, p[0].key.bytes, p[0].key.len));
        cr_assert_eq(key_share_args(&shape, args), key_share(&shape, &p[0].key));
    }
    cr_assert(same_key(&p[0].key, &p[1].key));
    of[1]->table[1][0] = 9;
    struct swrcache_arg args[] = {BYTES(of[1], sizeof **of)};
    cr_assert(pack(&p[1], &shape, args));
    cr_assert_not(same_key(&p[0].key, &p[1].key));
    drop(&bits, SITE(of_padded));
    free(of[0]);
    free(of[1]);
}

struct page {
    _Alignas(4096) char bytes[10];
};

SWR_STATIC_CACHED(struct line, aligned,
                  (SWR_VAL(char, c), SWR_VAL(lanes, l), SWR_OPAQUE(struct page, page), SWR_STR(s),
                   SWR_OUT(struct page, out), SWR_OUT(struct line, more)))
{
    memset(out->bytes, c, sizeof out->bytes);
    *more = (struct line){.f = {l[0]}};
    return s != NULL && page.bytes[0] == 0 ? *more : (struct line){.f = {0}};
}

/* Annotations of older headers say nothing: then by the size, of which an alignment is a divisor. */
Test(key, decoded_arguments_stand_where_their_types_want_it)
{
    struct swrcache_site older = *SITE(aligned);
    const struct swrcache_site *of[] = {SITE(aligned), &older};
    older.size = SWRCACHE_SITE_LEAST;
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        struct key_shape shape = shape_of(of[i], 42);
        struct bits bits;
        struct packed p;
        struct swrcache_arg back[KEY_MAX_PARAMS];
        char c = 'c';
        lanes l = {1, 2, 3, 4};
        struct line more;
        struct page page = {"page"}, out;
        struct swrcache_arg args[] = {VAL(c), VAL(l), VAL(page), STR("s"), VAL(out), VAL(more)};
        unsigned char opaque[sizeof page];
        cr_assert(bits_of(&bits, of[i]));
        shape.bits = &bits;
        cr_assert_eq(bits.align, 4096);
        cr_assert_eq(bits.result_align, 64);
        cr_assert(pack(&p, &shape, args));
        key_opaque_copy(&shape, args, opaque);
        size_t align = key_align(&shape), size = key_room(&shape, &p.key);
        unsigned char *raw = malloc(size + align - 1), *room = bits_place(raw, align);
        key_decode(&shape, &p.key, opaque, room, back);
        cr_assert_eq((uintptr_t)back[1].data % _Alignof(lanes), 0);
        cr_assert_eq((uintptr_t)back[2].data % 4096, 0);
        cr_assert_eq((uintptr_t)back[4].data % 4096, 0);
        cr_assert_eq((uintptr_t)back[5].data % 64, 0);
        cr_assert_eq(memcmp(back[1].data, &l, sizeof l), 0);
        cr_assert_str_eq(back[2].data, "page");
        for (size_t j = 0; j < 6; j++) {
            const unsigned char *at = back[j].data;
            cr_assert_eq((uintptr_t)at % 16, 0);
            cr_assert(at >= room && at + back[j].size <= room + size);
        }
        free(raw);
    }
}

Test(key, alignments_that_nobody_can_serve_are_refused)
{
    uint32_t aligns[] = {1, 32, 4096, 1, 4096, 32, 32};
    struct swrcache_site site = *SITE(aligned);
    struct bits bits;
    site.aligns = aligns;
    cr_assert(bits_of(&bits, &site));
    aligns[5] = 8192;
    cr_assert_not(bits_of(&bits, &site));
    aligns[5] = 0;
    cr_assert_not(bits_of(&bits, &site));
    aligns[5] = 48;
    cr_assert_not(bits_of(&bits, &site));
}

struct member {
    char a; /* padding after it, and behind c */
    double b;
    short c;
};

SWR_STATIC_CACHED(struct member, members, (SWR_OUT(long double, wide), SWR_OUT(int, plain)))
{
    *wide = *plain = 1;
    return (struct member){1, 2, 3};
}

Test(key, results_are_compared_without_their_padding)
{
    struct swrcache_site older = *SITE(members);
    struct bits bits;
    older.size = SWRCACHE_SITE_LEAST;
    cr_assert(bits_of(&bits, &older));
    cr_assert(bits.untold, "nobody said what a structure is made of");
    cr_assert_not_null(bits_mask(&bits, 0));
    drop(&bits, &older);
    older.size = offsetof(struct swrcache_site, flags) + sizeof older.flags;
    older.flags = SWRCACHE_SITE_PLAIN;
    cr_assert(bits_of(&bits, &older));
    cr_assert_not(bits.untold, "what there is is bytes");
    drop(&bits, &older);
    cr_assert(bits_of(&bits, SITE(members)));
    cr_assert_null(bits_mask(&bits, 1));
    struct member a, b;
    long double x, y;
    memset(&a, 0, sizeof a);
    memset(&b, 0xff, sizeof b);
    memset(&x, 0, sizeof x);
    memset(&y, 0xff, sizeof y);
    a.a = b.a = 1;
    a.b = b.b = 2;
    a.c = b.c = 3;
    x = y = 1.5L;
    cr_assert_eq(bits_digest(&x, bits_mask(&bits, 0), sizeof x),
                 bits_digest(&y, bits_mask(&bits, 0), sizeof y));
#ifdef SWRCACHE_TELLS_PADDING
    const unsigned char *mask = bits_mask(&bits, 2);
    cr_assert_not(bits.untold);
    cr_assert_eq(bits_digest(&a, mask, sizeof a), bits_digest(&b, mask, sizeof b));
    bits_clear((unsigned char *)&b, mask, sizeof b);
    cr_assert_eq(memcmp(&a, &b, sizeof a), 0);
    cr_assert_eq(bits_digest(&a, mask, sizeof a), key_digest(&a, sizeof a));
    b.c = 4;
    cr_assert_neq(bits_digest(&a, mask, sizeof a), bits_digest(&b, mask, sizeof b));
#else
    cr_assert(bits.untold);
#endif
    drop(&bits, SITE(members));
}

SWR_STATIC_CACHED(int, handles, (SWR_OPAQUE(void *, db), SWR_VAL(int, n), SWR_OPAQUE(short, mode)))
{
    return db != NULL && n && mode;
}

Test(key, each_opaque_argument_comes_back_in_its_place)
{
    struct key_shape shape = SHAPE(handles);
    int n = 3;
    void *db = &n;
    short mode = 7;
    struct swrcache_arg args[] = {VAL(db), VAL(n), VAL(mode)}, back[KEY_MAX_PARAMS];
    struct packed p;
    unsigned char opaque[sizeof db + sizeof mode], room[256] __attribute__((aligned(16)));
    cr_assert(pack(&p, &shape, args));
    cr_assert_eq(key_opaque_size(&shape), sizeof opaque);
    key_opaque_copy(&shape, args, opaque);
    cr_assert_leq(key_room(&shape, &p.key), sizeof room);
    key_decode(&shape, &p.key, opaque, room, back);
    cr_assert_eq(*(void *const *)back[0].data, db);
    cr_assert_eq(*(const int *)back[1].data, 3);
    cr_assert_eq(*(const short *)back[2].data, 7);
}

Test(key, decoding_gives_null_back)
{
    struct key_shape shape = SHAPE(mixed);
    char c = 0;
    size_t len = 0;
    int handle = 0, out = 0;
    struct swrcache_arg args[] = {STR(NULL),      VAL(c),      BYTES(NULL, 0), VAL(len),
                                  BYTES(NULL, 0), VAL(handle), VAL(out)};
    struct swrcache_arg back[KEY_MAX_PARAMS];
    struct packed p;
    unsigned char opaque[sizeof handle] = {0};
    cr_assert(pack(&p, &shape, args));
    unsigned char *room = aligned_alloc(16, (key_room(&shape, &p.key) + 15) & ~(size_t)15);
    key_decode(&shape, &p.key, opaque, room, back);
    cr_assert_null(back[0].data);
    cr_assert_null(back[2].data);
    cr_assert_null(back[4].data);
    cr_assert_not_null(back[6].data);
    free(room);
}
