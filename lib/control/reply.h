/*
 * reply.h - what replies have in common: the status line, keys and entries as records.
 */
#ifndef CONTROL_REPLY_H
#define CONTROL_REPLY_H

#include "wire.h"
#include "runtime/registry/function.h"
#include "core/target.h"

/* What is printed whole is a target as it stands. */
enum { KEY_TEXT = TARGET_TEXT_MAX };

/* One `error` line in the place of whatever the reply held; a line stays a line. */
void reply_error(struct wire_buffer *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Begins the `ok` line; fields may follow. */
void reply_ok(struct wire_buffer *out);
/* A time in milliseconds, or `inf`. */
void reply_ms(struct wire_buffer *out, const char *name, uint64_t ns);

/* The key as a C call; of a secret function without its arguments. */
void reply_key_text(struct function *f, const struct key *key, char *text, size_t room);
/* The same of a key by its hash: "quote(gone)" when it is not there. */
void reply_hash_text(struct function *f, uint64_t hash, char *text, size_t room);
/* The fields of one entry; the record is not ended. */
void reply_entry(struct wire_buffer *out, struct function *f, struct entry *e);

#endif
