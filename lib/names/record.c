#include "record.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Pointers become offsets into the data, counted from one: zero stays NULL. */

static void *pointer_at(const void *structure, size_t offset)
{
    void *pointer;
    memcpy(&pointer, (const char *)structure + offset, sizeof pointer);
    return pointer;
}

static size_t offset_at(const unsigned char *at)
{
    uintptr_t offset;
    memcpy(&offset, at, sizeof offset);
    return offset;
}

static void put_offset(unsigned char *at, size_t offset)
{
    uintptr_t word = offset + 1;
    memcpy(at, &word, sizeof word);
}

static size_t address_length(const struct record *record, const void *structure)
{
    int length = 0;
    if (record->address_length != 0)
        memcpy(&length, (const char *)structure + record->address_length, sizeof length);
    return length > 0 ? (size_t)length : 0;
}

static size_t list_length(char *const *list)
{
    size_t n = 0;
    while (list[n] != NULL)
        n++;
    return n;
}

struct parts {
    size_t arrays, addresses, texts;
};

static struct parts measure(const struct record *record, const void *structure)
{
    struct parts parts = {0};
    for (size_t f = 0; f < record->nfields; f++) {
        void *pointer = pointer_at(structure, record->fields[f].offset);
        if (pointer == NULL)
            continue;
        if (record->fields[f].kind == FIELD_TEXT) {
            parts.texts += strlen(pointer) + 1;
            continue;
        }
        char *const *list = pointer;
        size_t n = list_length(list);
        parts.arrays += (n + 1) * sizeof(char *);
        if (record->fields[f].kind == FIELD_ADDRESSES)
            parts.addresses += n * address_length(record, structure);
        else
            for (size_t i = 0; i < n; i++)
                parts.texts += strlen(list[i]) + 1;
    }
    return parts;
}

size_t record_flat_size(const struct record *record, const void *structure)
{
    struct parts parts = measure(record, structure);
    return record->size + parts.arrays + parts.addresses + parts.texts;
}

void record_flatten(const struct record *record, const void *structure, unsigned char *flat)
{
    struct parts at = measure(record, structure);
    unsigned char *data = flat + record->size;
    at.texts = at.arrays + at.addresses;
    at.addresses = at.arrays;
    at.arrays = 0;
    memcpy(flat, structure, record->size);
    for (size_t f = 0; f < record->nfields; f++) {
        void *pointer = pointer_at(structure, record->fields[f].offset);
        enum record_field kind = record->fields[f].kind;
        char *const one[] = {pointer, NULL};
        char *const *list = kind == FIELD_TEXT ? one : pointer;
        if (pointer == NULL)
            continue;
        put_offset(flat + record->fields[f].offset, kind == FIELD_TEXT ? at.texts : at.arrays);
        for (; *list != NULL; list++) {
            size_t length = kind == FIELD_ADDRESSES ? address_length(record, structure) : strlen(*list) + 1;
            size_t *to = kind == FIELD_ADDRESSES ? &at.addresses : &at.texts;
            memcpy(data + *to, *list, length);
            if (kind != FIELD_TEXT) {
                put_offset(data + at.arrays, *to);
                at.arrays += sizeof(char *);
            }
            *to += length;
        }
        if (kind != FIELD_TEXT) {
            memset(data + at.arrays, 0, sizeof(char *));
            at.arrays += sizeof(char *);
        }
    }
}

static int by_bytes(const void *a, const void *b, void *length)
{
    return memcmp(a, b, *(size_t *)length);
}

void record_sort(const struct record *record, unsigned char *flat)
{
    size_t length = address_length(record, flat);
    for (size_t f = 0; length != 0 && f < record->nfields; f++) {
        size_t list = offset_at(flat + record->fields[f].offset), n = 0;
        if (record->fields[f].kind != FIELD_ADDRESSES || list == 0)
            continue;
        const unsigned char *offsets = flat + record->size + list - 1;
        while (offset_at(offsets + n * sizeof(char *)) != 0)
            n++;
        /* They lie one behind the other. */
        if (n > 1)
            qsort_r(flat + record->size + offset_at(offsets) - 1, n, length, by_bytes, &length);
    }
}

size_t record_room(const struct record *record, size_t flat_size)
{
    return flat_size - record->size + _Alignof(char *) - 1;
}

static void relocate(char *at, char *data)
{
    size_t offset = offset_at((unsigned char *)at);
    char *pointer = offset != 0 ? data + offset - 1 : NULL;
    memcpy(at, &pointer, sizeof pointer);
}

bool record_rebuild(const struct record *record, const unsigned char *flat, size_t flat_size, void *structure,
                    char *buffer, size_t room)
{
    size_t length = flat_size - record->size;
    size_t skip = -(uintptr_t)buffer % _Alignof(char *);
    if (room < skip || room - skip < length)
        return false;
    char *data = buffer + skip;
    memcpy(structure, flat, record->size);
    if (length != 0)
        memcpy(data, flat + record->size, length);
    for (size_t f = 0; f < record->nfields; f++) {
        char *at = (char *)structure + record->fields[f].offset;
        relocate(at, data);
        char **list = pointer_at(structure, record->fields[f].offset);
        if (record->fields[f].kind != FIELD_TEXT)
            for (; list != NULL && *list != NULL; list++)
                relocate((char *)list, data);
    }
    return true;
}
