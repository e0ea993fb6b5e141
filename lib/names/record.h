/*
 * record.h - structures of libc that point to strings and lists, made flat and rebuilt.
 *
 * Flat: the structure itself, its pointers replaced by offsets, then the data: arrays of pointers, addresses,
 * strings. Rebuilt into a caller's structure and buffer, as the _r functions do.
 */
#ifndef NAMES_RECORD_H
#define NAMES_RECORD_H

#include <stdbool.h>
#include <stddef.h>

enum record_field {
    FIELD_TEXT = 1,  /* char * */
    FIELD_TEXTS,     /* char **, ended by NULL */
    FIELD_ADDRESSES, /* char **, ended by NULL, each of the record's address length */
};

struct record {
    size_t size;           /* of the structure */
    size_t address_length; /* where it holds an int with the length of its addresses; 0: no such list */
    size_t nfields;
    struct {
        size_t offset;
        enum record_field kind;
    } fields[5];
};

size_t record_flat_size(const struct record *record, const void *structure);
void record_flatten(const struct record *record, const void *structure, unsigned char *flat);
/* The addresses of a flat record in an order of their own. */
void record_sort(const struct record *record, unsigned char *flat);
/* How much of a buffer, at most, rebuilding takes. */
size_t record_room(const struct record *record, size_t flat_size);
/* False: the buffer is too small; nothing was written. */
bool record_rebuild(const struct record *record, const unsigned char *flat, size_t flat_size, void *structure,
                    char *buffer, size_t room);

#endif
