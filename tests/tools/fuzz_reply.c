/*
 * fuzz_reply.c - every subcommand that asks a process, told anything: what it prints is lines of text or of
 * JSON, and nothing in it is obeyed by a terminal.
 */
#define _GNU_SOURCE
#include "../fuzz.h"

#include <jansson.h>

#include "live/absent.h"
#include "live/client.h"
#include "live/listing.h"
#include "terminal/text.h"

enum { PAGES = 3 };

static const uint8_t *told; /* what the process answers, once and again */
static size_t told_len;
static unsigned asked;

/* In place of the socket: the next reply. */
bool client_ask(const struct process *p, const char *request, reply_record *record, void *cookie,
                struct patience *patience, struct wire_line *status)
{
    static char reply[1 << 16];
    size_t len = told_len < sizeof reply ? told_len : sizeof reply;
    (void)request;
    (void)patience;
    if (++asked > PAGES)
        return false;
    memcpy(reply, told, len);
    return reply_read(p, reply, len, record, cookie, status);
}

static void be_there(struct listing *l)
{
    l->list[0] = l->list[1] = (struct process){.pid = 4711, .own = 1, .program = "a\033]0;b\007\xc2\x9b\xff"};
    l->list[1].pid = 4712;
    l->passed_over = 0;
}

void listing_fill(struct listing *l)
{
    be_there(l);
    l->count = 1;
}

/* Called whatever it likes, as who answers is. */
size_t absent_find(const struct process *list, size_t count, struct absent *found, size_t room)
{
    (void)list;
    if (count == 0 || room == 0 || told_len % 2 == 0)
        return 0;
    *found = (struct absent){.process = {.pid = 4900, .own = 4900}};
    snprintf(found->process.program, sizeof found->process.program, "%.*s", (int)told_len,
             (const char *)told);
    snprintf(found->why, sizeof found->why, "it has SWR_CONTROL=%.*s", (int)told_len, (const char *)told);
    return 1;
}

int listing_choose(struct listing *l, const struct invocation *in)
{
    be_there(l);
    l->count = in->all ? 2 : 1;
    return STATUS_DONE;
}

static void fail(const char *why, const char *text, size_t len)
{
    fprintf(stderr, "FAILED: %s, told:\n", why);
    fwrite(told, 1, told_len, stderr);
    fprintf(stderr, "\nprinted:\n");
    fwrite(text, 1, len, stderr);
    abort();
}

/* By a decoder of its own: U+0080 to U+009F are C2 80 to C2 9F, and so on. */
static void is_harmless(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const unsigned char *c = (const unsigned char *)text + i;
        size_t left = len - i, more = 0;
        if ((c[0] < 0x20 && c[0] != '\n') || c[0] == 0x7F)
            fail("a control character", text, len);
        if (c[0] < 0x80)
            continue;
        if (c[0] < 0xC2 || c[0] > 0xF4)
            fail("no UTF-8", text, len);
        more = c[0] < 0xE0 ? 1 : c[0] < 0xF0 ? 2 : 3;
        if (more >= left)
            fail("half a character", text, len);
        for (size_t n = 1; n <= more; n++)
            if ((c[n] & 0xC0) != 0x80)
                fail("no UTF-8", text, len);
        if (c[0] == 0xC2 && c[1] < 0xA0)
            fail("C1", text, len);
        if (c[0] == 0xE2 &&
            ((c[1] == 0x80 && ((c[2] >= 0xA8 && c[2] <= 0xAE) || c[2] == 0x8E || c[2] == 0x8F)) ||
             (c[1] == 0x81 && c[2] >= 0xA6 && c[2] <= 0xA9)))
            fail("text is turned round", text, len);
        i += more;
    }
}

static void is_json(const char *text, size_t len)
{
    for (const char *line = text, *end; (end = memchr(line, '\n', len - (size_t)(line - text))) != NULL;
         line = end + 1) {
        json_error_t error;
        json_t *object = json_loadb(line, (size_t)(end - line), 0, &error);
        json_t *pid = json_object_get(object, "pid");
        if (!json_is_object(object) || !json_is_integer(pid) || json_integer_value(pid) < 4711)
            fail("no object of a process", text, len);
        json_decref(object);
    }
}

static struct invocation invocations[] = {
    {.subcommand = "ps"},
    {.subcommand = "functions"},
    {.subcommand = "functions", .verbose = true},
    {.subcommand = "inspect"},
    {.subcommand = "inspect", .tree = true, .limit = 3, .sort = "age"},
    {.subcommand = "regions"},
    {.subcommand = "tags"},
    {.subcommand = "explain", .count = 1, .operands = {"f(1)"}},
    {.subcommand = "invalidate", .count = 1, .operands = {"f"}},
    {.subcommand = "emit", .count = 1, .operands = {"e"}},
    {.subcommand = "set", .count = 2, .operands = {"f", "ttl=1s"}},
    {.subcommand = "mode", .count = 2, .operands = {"f", "off"}},
    {.subcommand = "observe"},
    {.subcommand = "stats"},
    {.subcommand = "inflight"},
    {.subcommand = "audit"},
};
static subcommand_fn *const runs[] = {
    subcommand_ps,         subcommand_functions, subcommand_functions, subcommand_inspect,
    subcommand_inspect,    subcommand_regions,   subcommand_tags,      subcommand_explain,
    subcommand_invalidate, subcommand_emit,      subcommand_set,       subcommand_mode,
    subcommand_observe,    subcommand_stats,     subcommand_inflight,  subcommand_audit,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t which = data[0] % (sizeof runs / sizeof *runs);
    struct invocation in = invocations[which];
    in.json = (data[1] & 1) != 0;
    in.all = (data[1] & 2) != 0;
    told = data + 2;
    told_len = size - 2;
    asked = 0;
    FILE *real[2] = {stdout, stderr};
    char *text[2] = {NULL, NULL};
    size_t len[2];
    stdout = open_memstream(&text[0], &len[0]);
    stderr = open_memstream(&text[1], &len[1]);
    if (stdout != NULL && stderr != NULL)
        runs[which](&in);
    fclose(stdout);
    fclose(stderr);
    stdout = real[0];
    stderr = real[1];
    for (int i = 0; i < 2; i++)
        is_harmless(text[i], len[i]);
    if (in.json && strcmp(in.subcommand, "observe") != 0)
        is_json(text[0], len[0]);
    free(text[0]);
    free(text[1]);
    return 0;
}

#ifndef LIBFUZZER
static size_t put(char *text, size_t len, size_t room, const char *piece, size_t n)
{
    if (len + n >= room)
        return len;
    memcpy(text + len, piece, n);
    return len + n;
}

static size_t scribble(char *text, size_t room)
{
    static const char *const names[] = {
        "name",    "function",     "key",     "region",       "tag",    "mode",    "mode_from", "mode_then",
        "percent", "mode_left_ms", "at",      "by",           "target", "value",   "state",     "pid",
        "program", "calls",        "hits_1s", "saved_ns_60s", "ns",     "changes", "version",   "complaint",
        "secret",  "size",         "setting", "before",       "after",  "\x1b[1m", "\xff"};
    static const char *const values[] = {"a.b.c",
                                         "a.b",
                                         "a",
                                         "7",
                                         "18446744073709551615",
                                         "inf",
                                         "on",
                                         "observe",
                                         "1",
                                         "0",
                                         "\x1b]0;x\a",
                                         "\x9b"
                                         "2J",
                                         "\xc2\x9b"
                                         "2J",
                                         "\xe2\x80\xae"
                                         "x",
                                         "\\n",
                                         "\\x1b[2J",
                                         "\\x9b",
                                         "\\s",
                                         "\\\\",
                                         "\\q",
                                         "\xf0\x9f\x98\x80",
                                         "\xed\xa0\x80",
                                         "'$(x)'",
                                         ";x",
                                         "\t",
                                         "\x7f",
                                         "\xe2",
                                         "1764302591",
                                         "",
                                         "x"};
    static const char *const ends[] = {"ok matched=2 next=1 next_skip=3\n",
                                       "ok\n",
                                       "ok matched=0 why=\x1b[2J\n",
                                       "error \x1b[2J\xc2\x85\n",
                                       "ok left_out=\x9b left_out_why=x matched=1 functions=1\n",
                                       "maybe\n"};
    size_t len = 2;
    text[0] = (char)fuzz_below(256);
    text[1] = (char)fuzz_below(256);
    for (size_t lines = fuzz_below(6); lines > 0; lines--) {
        for (size_t fields = 1 + fuzz_below(8); fields > 0; fields--) {
            const char *name = names[fuzz_below(sizeof names / sizeof *names)];
            len = put(text, len, room, name, strlen(name));
            len = put(text, len, room, "=", 1);
            for (size_t pieces = fuzz_below(4); pieces > 0; pieces--) {
                const char *value = values[fuzz_below(sizeof values / sizeof *values)];
                for (size_t times = fuzz_below(50) == 0 ? 200 : 1; times > 0; times--)
                    len = put(text, len, room, value, strlen(value));
            }
            len = put(text, len, room, fields > 1 ? " " : "\n", 1);
        }
    }
    const char *end = ends[fuzz_below(sizeof ends / sizeof *ends)];
    len = put(text, len, room, end, strlen(end));
    for (size_t n = fuzz_below(4); n > 1; n--)
        text[2 + fuzz_below(len - 2)] = (char)fuzz_below(256);
    return len;
}

int main(void)
{
    static char text[1 << 15];
    unsigned long inputs = fuzz_inputs(300000);
    setenv("NO_COLOR", "1", 1);
    for (fuzz_input = 0; fuzz_input < inputs; fuzz_input++) {
        alarm(60);
        LLVMFuzzerTestOneInput((const uint8_t *)text, scribble(text, sizeof text));
    }
    printf("%lu inputs\n", inputs);
    return 0;
}
#endif
