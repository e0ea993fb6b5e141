/*
 * request.h - what every command of command.def is given, and what it takes from a request.
 */
#ifndef CONTROL_REQUEST_H
#define CONTROL_REQUEST_H

#include "wire.h"
#include "runtime/registry/function.h"
#include "core/target.h"

enum { ERROR_TEXT = 512 };

/* The pid at the other end of the connection. */
extern __thread int request_peer __attribute__((tls_model("initial-exec")));
enum { REQUEST_UNSEEN = -1 }; /* in the place of a pid: it has none in the namespace of this process */

/* Writes the records and the status of the reply. Two may be under way, in turns (task.h): what it needs from
 * one pause to the next is its own. */
typedef void command_fn(const struct wire_line *request, struct wire_buffer *out);

#define COMMAND(verb, fields, help) command_fn command_##verb;
#include "command.def"
#undef COMMAND

/* The next function called `name` from number *from on, held; *from moves behind it. NULL: no more. */
struct function *request_function(const char *name, uint32_t *from);
/* The reply when no function is called `name`: nothing matched, and the functions there are. */
void request_unknown(struct wire_buffer *out, const char *name);
/*
 * Whether the target can be meant for `f`; if not, `why` says what is wrong. Of a secret function only the
 * whole can be named: how many entries a guess matches would tell its arguments.
 */
bool request_fits(const struct target *t, struct function *f, char *why, size_t room);
/* A number, or `otherwise` when it is not given. False: no number. */
bool request_number(const struct wire_line *request, const char *name, uint64_t otherwise, uint64_t *value);
/* Where a reply in parts goes on: `from` and `skip`, 0 each if not given. False: the error is written. */
bool request_page(const struct wire_line *request, uint64_t *from, uint64_t *skip, struct wire_buffer *out);

#endif
