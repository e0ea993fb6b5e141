/* peer_tbb.cpp - oneTBB's concurrent_hash_map. */
#include <tbb/concurrent_hash_map.h>

#include "peer.h"

struct hash_compare {
    static size_t hash(int64_t key)
    {
        uint64_t h = static_cast<uint64_t>(key) * 0x9e3779b97f4a7c15u;
        return static_cast<size_t>(h ^ h >> 32);
    }
    static bool equal(int64_t a, int64_t b)
    {
        return a == b;
    }
};

using map = tbb::concurrent_hash_map<int64_t, int64_t, hash_compare>;

static map *table;

static const char *version(void)
{
    return PEER_TBB;
}

static bool open_(size_t entries)
{
    table = new (std::nothrow) map(entries * 2);
    return table != nullptr;
}

static void close_(void)
{
    delete table;
}

static void put(int64_t key, int64_t value)
{
    table->insert(map::value_type(key, value));
}

static int64_t get(int64_t key)
{
    map::const_accessor found;
    return table->find(found, key) ? found->second : 0;
}

extern const struct peer peer_tbb;
const struct peer peer_tbb = {"tbb concurrent_hash_map", false, 1, version, open_, put, get, close_};
