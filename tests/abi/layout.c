/*
 * layout.c - the layout that programs were compiled with stays: what is wrong here does not compile.
 *
 * Structures that the runtime reads by their own `size` may grow at their end; those that stand in arrays, or
 * that the runtime writes into the program's memory, may not.
 */
#include <swrcache/abi.h>

#define AT(type, member, offset)                                                                             \
    _Static_assert(offsetof(struct type, member) == (offset), #type "." #member " has moved")
#define SIZE(type, size)  _Static_assert(sizeof(struct type) == (size), #type " has another size")
#define LEAST(type, size) _Static_assert(sizeof(struct type) >= (size), #type " has shrunk")
#define IS(name, value)   _Static_assert((name) == (value), #name " has another value")

_Static_assert(SWRCACHE_ABI == 1, "another ABI number wants a test of its own beside this one");

#if __SIZEOF_POINTER__ == 8
AT(swrcache_field, name, 0);
AT(swrcache_field, offset, 8);
AT(swrcache_field, size, 12);
AT(swrcache_field, cls, 16);
SIZE(swrcache_field, 24);

AT(swrcache_param, name, 0);
AT(swrcache_param, type, 8);
AT(swrcache_param, kind, 16);
AT(swrcache_param, cls, 20);
AT(swrcache_param, size, 24);
AT(swrcache_param, nfields, 28);
AT(swrcache_param, fields, 32);
SIZE(swrcache_param, 40);

AT(swrcache_arg, data, 0);
AT(swrcache_arg, size, 8);
SIZE(swrcache_arg, 16);

AT(swrcache_policy, ttl_ms, 0);
AT(swrcache_policy, stale_ms, 8);
AT(swrcache_policy, stale_if_error_ms, 16);
AT(swrcache_policy, negative_ms, 24);
AT(swrcache_policy, wait_ms, 32);
AT(swrcache_policy, keep_warm_ms, 40);
AT(swrcache_policy, keep_warm_idle, 48);
AT(swrcache_policy, jitter_pct, 56);
AT(swrcache_policy, retry_ms, 64);
AT(swrcache_policy, retry_max_ms, 72);
AT(swrcache_policy, max_entries, 80);
AT(swrcache_policy, max_bytes, 88);
AT(swrcache_policy, version, 96);
AT(swrcache_policy, fails, 104);
AT(swrcache_policy, refresh, 108);
AT(swrcache_policy, secret, 112);
AT(swrcache_policy, failed, 120);
AT(swrcache_policy, unless, 128);
AT(swrcache_policy, region, 136);
AT(swrcache_policy, tags, 144);
AT(swrcache_policy, invalidate_on, 152);
AT(swrcache_policy, expire_on, 160);
AT(swrcache_policy, version_of, 168);
AT(swrcache_policy, dependencies, 176);
AT(swrcache_policy, key, 184);
AT(swrcache_policy, codec, 192);
AT(swrcache_policy, mode, 200);
AT(swrcache_policy, percent, 204);
AT(swrcache_policy, shadow_pct, 208);
LEAST(swrcache_policy, 216);
IS(SWRCACHE_POLICY_LEAST, 152);

AT(swrcache_site, abi, 0);
AT(swrcache_site, size, 4);
AT(swrcache_site, name, 8);
AT(swrcache_site, file, 16);
AT(swrcache_site, line, 24);
AT(swrcache_site, form, 28);
AT(swrcache_site, result_cls, 32);
AT(swrcache_site, result_size, 36);
AT(swrcache_site, result_type, 40);
AT(swrcache_site, params, 48);
AT(swrcache_site, nparams, 56);
AT(swrcache_site, policy_size, 60);
AT(swrcache_site, policy, 64);
AT(swrcache_site, run, 72);
AT(swrcache_site, copy, 80);
AT(swrcache_site, release, 88);
AT(swrcache_site, function, 96);
AT(swrcache_site, flags, 104);
AT(swrcache_site, aligns, 112);
AT(swrcache_site, clear, 120);
AT(swrcache_site, round, 128);
LEAST(swrcache_site, 136);
IS(SWRCACHE_SITE_LEAST, 104);

AT(swrcache_info, outcome, 0);
AT(swrcache_info, age_ms, 8);
AT(swrcache_info, refresh_errno, 16);
SIZE(swrcache_info, 24);

AT(swrcache_api, abi, 0);
AT(swrcache_api, size, 4);
AT(swrcache_api, enroll, 8);
AT(swrcache_api, call, 16);
AT(swrcache_api, operate, 24);
AT(swrcache_api, peek, 32);
AT(swrcache_api, skip, 40);
AT(swrcache_api, fail, 48);
AT(swrcache_api, set_ttl, 56);
AT(swrcache_api, last, 64);
AT(swrcache_api, advance, 72);
AT(swrcache_api, drain, 80);
AT(swrcache_api, verb, 88);
AT(swrcache_api, emit, 96);
AT(swrcache_api, tag, 104);
AT(swrcache_api, begin, 112);
AT(swrcache_api, commit, 120);
AT(swrcache_api, rollback, 128);
AT(swrcache_api, put, 136);
AT(swrcache_api, get, 144);
AT(swrcache_api, has, 152);
AT(swrcache_api, remove, 160);
AT(swrcache_api, region_policy, 168);
AT(swrcache_api, region_on, 176);
AT(swrcache_api, context, 184);
AT(swrcache_api, with, 192);
AT(swrcache_api, expect, 200);
AT(swrcache_api, write, 208);
AT(swrcache_api, forced, 216);
AT(swrcache_api, rest, 224);
AT(swrcache_api, enter, 232);
AT(swrcache_api, leave, 240);
LEAST(swrcache_api, 248);

AT(swrcache_writer, abi, 0);
AT(swrcache_writer, size, 4);
AT(swrcache_writer, name, 8);
AT(swrcache_writer, file, 16);
AT(swrcache_writer, line, 24);
AT(swrcache_writer, ntargets, 28);
AT(swrcache_writer, targets, 32);
AT(swrcache_writer, run, 40);
AT(swrcache_writer, tell, 48);
LEAST(swrcache_writer, 56);

AT(swrcache_region, abi, 0);
AT(swrcache_region, size, 4);
AT(swrcache_region, name, 8);
AT(swrcache_region, policy, 16);
AT(swrcache_region, policy_size, 24);
LEAST(swrcache_region, 32);

AT(swrcache_key, make, 0);
AT(swrcache_key, params, 8);
AT(swrcache_key, nparams, 16);
SIZE(swrcache_key, 24);

AT(swrcache_codec, encode, 0);
AT(swrcache_codec, decode, 8);
SIZE(swrcache_codec, 16);
#endif

IS(SWRCACHE_UNSET, INT64_MIN);
IS(SWR_FOREVER, INT64_MAX);
IS(SWRCACHE_KIND_VAL, 1);
IS(SWRCACHE_KIND_STR, 2);
IS(SWRCACHE_KIND_BYTES, 3);
IS(SWRCACHE_KIND_STRUCT, 4);
IS(SWRCACHE_KIND_OPAQUE, 5);
IS(SWRCACHE_KIND_OUT, 6);
IS(SWRCACHE_KIND_OUT_BYTES, 7);
IS(SWRCACHE_CLASS_BYTES, 0);
IS(SWRCACHE_CLASS_BOOL, 1);
IS(SWRCACHE_CLASS_CHAR, 2);
IS(SWRCACHE_CLASS_INT, 3);
IS(SWRCACHE_CLASS_UINT, 4);
IS(SWRCACHE_CLASS_FLOAT, 5);
IS(SWRCACHE_CLASS_POINTER, 6);
IS(SWRCACHE_FORM_VALUE, 1);
IS(SWRCACHE_FORM_STRING, 2);
IS(SWRCACHE_FORM_OBJECT, 3);
IS(SWRCACHE_FORM_VOID, 4);
IS(SWRCACHE_FAILS_UNSET, -1);
IS(SWR_FAILS_NEVER, 0);
IS(SWR_FAILS_NULL, 1);
IS(SWR_FAILS_NEGATIVE, 2);
IS(SWR_FAILS_NONZERO, 3);
IS(SWRCACHE_REFRESH_UNSET, -1);
IS(SWR_REFRESH_POOL, 0);
IS(SWR_REFRESH_CALLER, 1);
IS(SWRCACHE_OP_INVALIDATE, 1);
IS(SWRCACHE_OP_EXPIRE, 2);
IS(SWRCACHE_OP_REFRESH, 3);
IS(SWRCACHE_DEPENDENCIES_UNSET, 0);
IS(SWR_DEPENDENCIES_ON, 1);
IS(SWR_DEPENDENCIES_OFF, 2);
IS(SWRCACHE_SITE_INTERPOSED, 1);
IS(SWRCACHE_SITE_PLAIN, 2);
IS(SWR_HIT, 0);
IS(SWR_STALE_HIT, 1);
IS(SWR_FALLBACK_HIT, 2);
IS(SWR_MISS, 3);
IS(SWR_COALESCED, 4);
IS(SWR_BYPASS, 5);

int main(void)
{
    return 0;
}
