/* wire.c - lines of the control protocol, out and in. */
#include "unit.h"

#include <criterion/criterion.h>

#include <unistd.h>

#include "control/wire.h"

static struct wire_line line;
static const char *why;

static struct wire_buffer buffer_of(size_t max)
{
    return (struct wire_buffer){.max = max, .grow = realloc};
}

static bool parse(const char *text)
{
    static char copy[4096];
    snprintf(copy, sizeof copy, "%s", text);
    why = NULL;
    return wire_parse(&line, copy, &why);
}

Test(wire, a_record_comes_back_as_it_was_written)
{
    static const char odd[] = "a b\tc\nd\\e=f\x01\x7f \xc3\xa9";
    struct wire_buffer b = buffer_of(1 << 16);
    wire_text(&b, "inspect");
    wire_field(&b, "function", odd);
    wire_number(&b, "limit", UINT64_MAX);
    wire_field(&b, "empty", "");
    cr_assert(wire_end(&b));
    cr_assert_eq(b.data[b.len - 1], '\n');
    cr_assert_null(memchr(b.data, '\n', b.len - 1));
    b.data[b.len - 1] = 0;
    cr_assert(wire_parse(&line, b.data, &why), "%s", why);
    cr_assert_str_eq(line.verb, "inspect");
    cr_assert_eq(line.nfields, 3);
    cr_assert_str_eq(wire_get(&line, "function"), odd);
    cr_assert_str_eq(wire_get(&line, "limit"), "18446744073709551615");
    cr_assert_str_eq(wire_get(&line, "empty"), "");
    cr_assert_null(wire_get(&line, "other"));
    free(b.data);
}

Test(wire, what_does_not_fit_is_left_out_by_whole_records)
{
    struct wire_buffer b = buffer_of(40);
    wire_field(&b, "first", "fits");
    cr_assert(wire_end(&b));
    size_t len = b.len;
    wire_field(&b, "second", "is much longer than what is left of it all");
    cr_assert_not(wire_end(&b));
    cr_assert_eq(b.len, len, "nothing of it is left behind");
    wire_field(&b, "third", "fits");
    cr_assert(wire_end(&b));
    cr_assert_eq(b.len, strlen("first=fits\nthird=fits\n"));
    cr_assert_eq(memcmp(b.data, "first=fits\nthird=fits\n", b.len), 0);
    free(b.data);
}

static void *no_memory(void *old, size_t size)
{
    (void)old;
    (void)size;
    return NULL;
}

Test(wire, without_memory_a_record_does_not_fit)
{
    struct wire_buffer b = {.max = 1000, .grow = no_memory};
    wire_field(&b, "name", "value");
    cr_assert_not(wire_end(&b));
    cr_assert_eq(b.len, 0);
}

Test(wire, an_error_keeps_its_text)
{
    cr_assert(parse("error no such function: quote, a\\b"));
    cr_assert_str_eq(line.verb, "error");
    cr_assert_str_eq(line.rest, "no such function: quote, a\\b");
}

Test(wire, blanks_between_fields_do_not_matter)
{
    cr_assert(parse("  stats   a=1  b=2 "));
    cr_assert_str_eq(line.verb, "stats");
    cr_assert_eq(line.nfields, 2);
    cr_assert(parse(""));
    cr_assert(line.verb == NULL && line.nfields == 0);
}

Test(wire, mistakes_are_told_with_the_cure)
{
    char many[1024] = "verb", *end = many + 4;
    for (int i = 0; i < WIRE_FIELDS_MAX + 1; i++)
        end += sprintf(end, " f%d=%d", i, i);
    cr_assert(!parse("two words") && strstr(why, "field=value"), "%s", why);
    cr_assert(!parse("a=1 late") && strstr(why, "field=value"), "%s", why);
    cr_assert(!parse(many) && strstr(why, "too many fields"), "%s", why);
    static const char *const escapes[] = {"v a=\\",   "v a=\\q",   "v a=\\x",
                                          "v a=\\x1", "v a=\\xg0", "v a=\\x00"};
    for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++)
        cr_assert(!parse(escapes[i]) && strstr(why, "escape"), "%s", escapes[i]);
}

static char path[64];

static enum wire_directory directory(const char *chosen, const char *runtime, unsigned n)
{
    const struct wire_said said = {chosen, runtime};
    return wire_directory(path, sizeof path, &said, n);
}

Test(wire, the_directory_is_absolute_and_fits)
{
    const struct wire_said far = {"/much/too/long", NULL};
    char small[8];
    cr_assert_eq(directory("/run/mine///", NULL, 0), WIRE_DIRECTORY);
    cr_assert_str_eq(path, "/run/mine");
    cr_assert_eq(directory("/", NULL, 0), WIRE_DIRECTORY);
    cr_assert_str_eq(path, "/");
    cr_assert_eq(directory("relative", NULL, 0), WIRE_TOO_LONG);
    cr_assert_eq(wire_directory(small, sizeof small, &far, 0), WIRE_TOO_LONG);
    cr_assert_eq(directory(NULL, "/run/user/7", 0), WIRE_DIRECTORY);
    cr_assert_str_eq(path, "/run/user/7/swrcache");
    cr_assert_eq(directory("", "/run/user/7", 0), WIRE_DIRECTORY);
    cr_assert_str_eq(path, "/run/user/7/swrcache");
    cr_assert_eq(directory(NULL, "relative", 0), WIRE_DIRECTORY);
    cr_assert_eq(path[0], '/');
}

/* The runtime tries them, and the tool looks in them, in this order; each once, and then there is an end. */
Test(wire, directories_have_an_order)
{
    char temporary[64];
    const char *wanted[5];
    unsigned n = 0, found = 0;
    snprintf(temporary, sizeof temporary, "/tmp/swrcache-%u", (unsigned)geteuid());
    wanted[n++] = "/chosen";
    wanted[n++] = "/run/user/7/swrcache";
    if (geteuid() == 0)
        wanted[n++] = "/run/swrcache";
    wanted[n++] = temporary;
    for (; directory("/chosen", "/run/user/7", found) == WIRE_DIRECTORY; found++) {
        cr_assert_lt(found, n);
        cr_assert_str_eq(path, wanted[found]);
    }
    cr_assert_eq(found, n);
    cr_assert_eq(directory("/chosen", "/run/user/7", found), WIRE_NO_MORE);
    cr_assert_eq(directory(NULL, NULL, n - 3), WIRE_DIRECTORY);
    cr_assert_str_eq(path, temporary);
    cr_assert_eq(directory(NULL, NULL, n - 2), WIRE_NO_MORE);
}
