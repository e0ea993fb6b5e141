/*
 * wire.h - the text protocol of the control socket, for both its ends.
 *
 *   request   verb field=value field=value \n
 *   reply     field=value field=value \n          any number of records
 *             ok field=value \n  or  error TEXT \n
 *
 * In values a blank is \s, a newline \n, a tab \t, a backslash \\, other control characters \xHH.
 */
#ifndef CONTROL_WIRE_H
#define CONTROL_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WIRE_FIELDS_MAX = 96, WIRE_IN_MAX = 64 << 10, WIRE_OUT_MAX = 256 << 10, WIRE_STATUS_ROOM = 2048 };

/* Grows up to `max`; what would exceed it is left out by whole records. */
struct wire_buffer {
    char *data;
    size_t len, room, max;
    size_t record;                         /* where the record being written began */
    bool full;                             /* the record being written did not fit */
    void *(*grow)(void *old, size_t size); /* as realloc */
};

void wire_text(struct wire_buffer *b, const char *text); /* as it is */
void wire_field(struct wire_buffer *b, const char *name, const char *value);
void wire_number(struct wire_buffer *b, const char *name, uint64_t value);
/* Ends the record. False: it did not fit and is gone. */
bool wire_end(struct wire_buffer *b);

struct wire_field {
    char *name, *value;
};

struct wire_line {
    char *verb; /* first word without '=', NULL: none; of an error: `error` */
    char *rest; /* of an error line: the text */
    uint32_t nfields;
    struct wire_field fields[WIRE_FIELDS_MAX];
};

/* Takes `text` (no newline) apart in place. False: malformed; *why says how. */
bool wire_parse(struct wire_line *line, char *text, const char **why);
const char *wire_get(const struct wire_line *line, const char *name);

/* What SWR_SOCKET_DIR and XDG_RUNTIME_DIR say; NULL or empty: nothing. */
struct wire_said {
    const char *chosen, *runtime;
};

/* Directories for sockets, in the order in which they are tried, for this user's processes and tools. */
enum wire_directory { WIRE_DIRECTORY, WIRE_TOO_LONG /* or not absolute */, WIRE_NO_MORE };
enum wire_directory wire_directory(char *path, size_t room, const struct wire_said *said, unsigned n);

#endif
