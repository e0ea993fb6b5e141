/* peer_tbb.cpp - oneTBB's concurrent_hash_map. */
#include <new>

#include <tbb/concurrent_hash_map.h>

#include "peer.h"

namespace
{

struct row_key {
    char bytes[KEY_BYTES];
};

struct int_compare {
    static size_t hash(int64_t key)
    {
        return hash_int(key);
    }
    static bool equal(int64_t a, int64_t b)
    {
        return a == b;
    }
};

struct row_compare {
    static size_t hash(const row_key &key)
    {
        return hash_row(key.bytes);
    }
    static bool equal(const row_key &a, const row_key &b)
    {
        return same_row(a.bytes, b.bytes);
    }
};

using int_map = tbb::concurrent_hash_map<int64_t, int64_t, int_compare>;
using row_map = tbb::concurrent_hash_map<row_key, row, row_compare>;

int_map *ints;
row_map *rows;

const char *version()
{
    return PEER_TBB;
}

bool open_(size_t entries, bool strings)
{
    if (strings)
        rows = new (std::nothrow) row_map(entries * 2);
    else
        ints = new (std::nothrow) int_map(entries * 2);
    return ints != nullptr || rows != nullptr;
}

void close_()
{
    delete ints;
    delete rows;
    ints = nullptr;
    rows = nullptr;
}

void put_int(int64_t key, int64_t value)
{
    ints->insert(int_map::value_type(key, value));
}

int64_t get_int(int64_t key)
{
    int_map::const_accessor found;
    return ints->find(found, key) ? found->second : 0;
}

row_key key_of(const char *key)
{
    row_key copy;
    memcpy(copy.bytes, key, KEY_BYTES);
    return copy;
}

void put_row(const char *key, const row *value)
{
    rows->insert(row_map::value_type(key_of(key), *value));
}

row get_row(const char *key)
{
    row_map::const_accessor found;
    return rows->find(found, key_of(key)) ? found->second : row{};
}

}

extern const struct peer peer_tbb = {"tbb concurrent_hash_map", false,   1,       version, open_,
                                     put_int,                   get_int, put_row, get_row, close_};
