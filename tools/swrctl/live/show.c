#define _GNU_SOURCE
#include "show.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>
#include "terminal/text.h"

/* Rows wait until so many are known, so that columns are as wide as they need; later rows keep that width. */
enum { ROWS = 256, CELLS = 16, WIDEST = 72 };

struct table {
    size_t rows, cells;
    bool headed; /* the head was printed */
    int widths[CELLS];
    char *cell[ROWS][CELLS]; /* row 0: the head */
};

/* Fields that are text even if they look like numbers. */
static bool is_text(const char *name)
{
    static const char *const names[] = {
        "key",       "value",          "program",      "name",         "function",      "nearest",
        "stored",    "asked",          "why",          "differs",      "file",          "complaint",
        "mode",      "target",         "user",         "by",           "verb",          "mode_from",
        "mode_then", "left_out",       "left_out_why", "differed_key", "differed_kept", "differed_given",
        "SWR_MODE",  "SWR_SOCKET_DIR", "SWR_LOG",      "SWR_CLOCK"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static json_t *json_of(const char *name, const char *value)
{
    char *end;
    if (!is_text(name)) {
        if (strcmp(value, "inf") == 0)
            return json_null();
        if (strcmp(name, "secret") == 0 || strcmp(name, "inflight") == 0 || strcmp(name, "fenced") == 0 ||
            strcmp(name, "expired") == 0)
            return json_boolean(value[0] == '1');
        errno = 0;
        unsigned long long n = strtoull(value, &end, 10);
        if (isdigit((unsigned char)value[0]) && *end == 0 && errno == 0)
            return json_integer(n > (unsigned long long)INT64_MAX ? INT64_MAX : (json_int_t)n);
    }
    char *whole = text_utf8(value);
    json_t *text = json_string(whole);
    free(whole);
    return text_need(text);
}

static void print_json(json_t *object)
{
    char *line = text_need(json_dumps(object, JSON_COMPACT));
    text_json(stdout, line);
    free(line);
    json_decref(object);
}

/* The array is called as the field, and an s. False: the record is no such one, or there is none to put it
 * in. */
static bool put_within(struct view *v, const struct process *p, const struct wire_line *record)
{
    const char *value = v->within != NULL ? wire_get(record, v->within) : NULL;
    char name[40];
    if (value == NULL || v->object == NULL ||
        json_integer_value(json_object_get(v->object, "pid")) != process_number(p))
        return false;
    snprintf(name, sizeof name, "%ss", v->within);
    json_t *list = json_object_get(v->object, name);
    if (list == NULL)
        json_object_set_new(v->object, name, list = text_need(json_array()));
    json_array_append_new(list, json_of(v->within, value));
    return true;
}

static void print_object(struct view *v)
{
    if (v->object != NULL)
        print_json(v->object);
    v->object = NULL;
}

static void show_json(struct view *v, const struct process *p, const struct wire_line *record)
{
    if (put_within(v, p, record))
        return;
    print_object(v);
    json_t *object = text_need(json_object());
    json_object_set_new(object, "pid", json_integer(process_number(p)));
    for (uint32_t i = 0; i < record->nfields; i++) {
        char *name = text_utf8(record->fields[i].name);
        if (json_object_set_new(object, name, json_of(name, record->fields[i].value)) != 0)
            text_need(NULL);
        free(name);
    }
    if (v->within != NULL)
        v->object = object;
    else
        print_json(object);
}

static bool coloured(void)
{
    static int known = -1;
    if (known < 0)
        known = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
    return known != 0;
}

static int terminal_width(void)
{
    struct winsize size;
    if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 20)
        return INT32_MAX;
    return size.ws_col;
}

/* A cell as it is shown: filled up to `width`, cut where `room` ends. */
static int show_cell(const char *shown, int width, int room)
{
    int n = 0;
    for (; *shown != 0; shown++) {
        bool more = ((unsigned char)*shown & 0xC0) == 0x80; /* not the first byte of a character */
        if (n == room && !more)
            return n;
        putchar(*shown);
        n += !more;
    }
    for (; n < width; n++)
        putchar(' ');
    return n;
}

static const char *colour_of(const char *cell, bool head)
{
    if (!coloured())
        return NULL;
    if (head)
        return "\033[1m";
    if (strcmp(cell, "stale") == 0 || strcmp(cell, "off") == 0)
        return "\033[33m";
    if (strcmp(cell, "fallback") == 0 || strcmp(cell, "dead") == 0)
        return "\033[31m";
    return NULL;
}

static void print_rows(struct table *t)
{
    int room = terminal_width();
    for (size_t r = 0; r < t->rows; r++) {
        int used = 0;
        for (size_t c = 0; c < t->cells; c++) {
            bool last = c + 1 == t->cells;
            const char *colour = colour_of(t->cell[r][c], !t->headed && r == 0);
            if (colour != NULL)
                fputs(colour, stdout);
            used += show_cell(t->cell[r][c], last ? 0 : t->widths[c], room - used);
            if (colour != NULL)
                fputs("\033[0m", stdout);
            fputs(last ? "\n" : "  ", stdout);
            used = used + 2 < room ? used + 2 : room;
            free(t->cell[r][c]);
        }
    }
    t->rows = 0;
    t->headed = true;
}

static void add_cell(struct table *t, size_t c, const char *text)
{
    char *shown = text_shown(text);
    int width = text_width(shown);
    t->cell[t->rows][c] = shown;
    if (t->widths[c] < width)
        t->widths[c] = width < WIDEST ? width : WIDEST;
}

/* Moments are seconds since 1970; a person reads the hour, and the day if it is not today. */
static const char *readable(const char *name, const char *value, char *text, size_t room)
{
    time_t at = (time_t)strtoll(value, NULL, 10), now = time(NULL);
    struct tm tm, today;
    if (strcmp(name, "at") != 0 || localtime_r(&at, &tm) == NULL || localtime_r(&now, &today) == NULL)
        return value;
    bool same = tm.tm_year == today.tm_year && tm.tm_yday == today.tm_yday;
    return strftime(text, room, same ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &tm) != 0 ? text : value;
}

static const char *heading(const char *column, char *text, size_t room)
{
    size_t n = 0;
    for (; column[n] != 0 && n < room - 1; n++)
        text[n] = column[n] == '_' ? ' ' : (char)toupper((unsigned char)column[n]);
    text[n] = 0;
    if (n > 4 && strcmp(text + n - 4, " PCT") == 0)
        strcpy(text + n - 3, "%");
    return text;
}

static void add_row(struct view *v, const struct process *p, const struct wire_line *record)
{
    struct table *t = v->table;
    char text[32];
    bool head = t == NULL;
    if (head)
        t = v->table = text_need(calloc(1, sizeof *t));
    for (int pass = head ? 0 : 1; pass < 2; pass++) {
        size_t cells = 0;
        if (v->many) {
            snprintf(text, sizeof text, "%ld", process_number(p));
            add_cell(t, cells++, pass == 0 ? "PID" : text);
        }
        for (size_t i = 0; v->columns[i] != NULL && cells < CELLS; i++) {
            const char *value = wire_get(record, v->columns[i]);
            if (pass == 0)
                value = heading(v->columns[i], text, sizeof text);
            else if (value != NULL)
                value = readable(v->columns[i], value, text, sizeof text);
            add_cell(t, cells++, value != NULL ? value : "-");
        }
        t->cells = cells;
        t->rows++;
    }
}

static void show_lines(const struct view *v, const struct process *p, const struct wire_line *record)
{
    if (v->records > 1)
        putchar('\n');
    if (v->many)
        text_print(stdout, "%-22s %ld\n", "pid", process_number(p));
    for (uint32_t i = 0; i < record->nfields; i++) {
        const char *value = record->fields[i].value;
        char text[32];
        if (v->many && strcmp(record->fields[i].name, "pid") == 0)
            continue;
        value = readable(record->fields[i].name, value, text, sizeof text);
        text_print(stdout, "%-22s %s\n", record->fields[i].name, value);
    }
}

static void show_now(const struct process *p, struct wire_line *record, void *cookie)
{
    struct view *v = cookie;
    if (v->json) {
        show_json(v, p, record);
    } else if (v->columns == NULL) {
        show_lines(v, p, record);
    } else {
        if (v->table != NULL && v->table->rows == ROWS)
            print_rows(v->table);
        add_row(v, p, record);
    }
}

void show_record(const struct process *p, struct wire_line *record, void *cookie)
{
    struct view *v = cookie;
    v->records++;
    if (v->branches.field != NULL && !v->json)
        branch_keep(&v->branches, p, record);
    else
        show_now(p, record, v);
}

void show_end(struct view *v)
{
    print_object(v);
    branch_draw(&v->branches, show_now, v);
    if (v->table != NULL)
        print_rows(v->table);
    free(v->table);
    v->table = NULL;
}
