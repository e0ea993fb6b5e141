/*
 * first.c - a program as it was compiled against the first header, by hand: today's runtime caches it, reads
 * nothing past what it had, and writes nothing but `function`. Needs LD_PRELOAD=libswrcache.so
 * SWR_CLOCK=manual.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct first_arg {
    const void *data;
    size_t size;
};

struct first_param {
    const char *name, *type;
    uint32_t kind, cls, size, nfields;
    const void *fields;
};

struct first_policy {
    int64_t times[6], keep_warm_idle, jitter_pct, retry[2], bounds[2], version;
    int32_t fails, refresh, secret;
    void *failed, *unless;
    const char *region, *tags;
};

struct first_site {
    uint32_t abi, size;
    const char *name, *file;
    uint32_t line, form, result_cls, result_size;
    const char *result_type;
    const struct first_param *params;
    uint32_t nparams, policy_size;
    const struct first_policy *policy;
    void (*run)(const struct first_arg *args, void *result);
    void *copy, *release, *function;
};

struct first_info {
    int32_t outcome;
    uint64_t age_ms;
    int32_t refresh_errno;
};

struct first_api {
    uint32_t abi, size;
    void (*enroll)(struct first_site *const *first, struct first_site *const *last);
    void (*call)(struct first_site *site, const struct first_arg *args, void *result);
    size_t (*operate)(struct first_site *site, int operation, const struct first_arg *args);
    _Bool (*peek)(struct first_site *site, const struct first_arg *args, void *result);
    void (*skip)(void), (*fail)(void);
    void (*set_ttl)(int64_t ttl_ms, int64_t stale_ms);
    void (*last)(struct first_info *info);
    void (*advance)(uint64_t ms);
    _Bool (*drain)(uint64_t timeout_ms);
};

static int failures, runs;

#define CHECK(condition) ((condition) ? (void)0 : (void)(failures++, printf("FAILED: %s\n", #condition)))

static void run(const struct first_arg *args, void *result)
{
    runs++;
    *(int *)result = *(const int *)args[0].data + runs;
}

/* Sentinels stand where a later header has more. */
static struct {
    struct first_policy policy;
    unsigned char beyond[256];
} guarded_policy;

static struct {
    struct first_site site;
    unsigned char beyond[256];
} guarded_site;

int main(void)
{
    union {
        void *found;
        const struct first_api *(*attach)(uint32_t abi);
    } door;
    static const struct first_param params[] = {{"x", "int", 1, 3, sizeof(int), 0, NULL}};
    struct first_policy *policy = &guarded_policy.policy;
    struct first_site *site = &guarded_site.site;

    door.found = dlsym(RTLD_DEFAULT, "swrcache_attach");
    CHECK(door.found != NULL);
    if (!door.found)
        return 1;
    const struct first_api *api = door.attach(1);
    CHECK(api != NULL && api->abi == 1 && api->size >= sizeof *api);
    if (!api)
        return 1;

    memset(&guarded_policy, 0xa5, sizeof guarded_policy);
    memset(&guarded_site, 0xa5, sizeof guarded_site);
    *policy = (struct first_policy){.fails = -1, .refresh = -1, .secret = -1};
    for (int64_t *field = policy->times; field <= &policy->version; field++)
        *field = INT64_MIN;
    policy->times[0] = 1000;
    policy->times[1] = 2000;
    policy->jitter_pct = 0;
    *site = (struct first_site){
        .abi = 1,
        .size = sizeof *site,
        .name = "first",
        .file = __FILE__,
        .form = 1,
        .result_cls = 3,
        .result_size = sizeof(int),
        .result_type = "int",
        .params = params,
        .nparams = 1,
        .policy_size = sizeof *policy,
        .policy = policy,
        .run = run,
    };
    struct first_site *list[] = {NULL, site};
    api->enroll(list, list + 2);

    struct {
        struct first_info info;
        unsigned char beyond[64];
    } told;
    int x = 10, result = 0;
    const struct first_arg args[] = {{&x, sizeof x}};
    memset(&told, 0xa5, sizeof told);
    api->call(site, args, &result);
    CHECK(result == 11);
    api->call(site, args, &result);
    CHECK(result == 11 && runs == 1);
    api->last(&told.info);
    CHECK(told.info.outcome == 0 && told.info.refresh_errno == 0);
    api->advance(1500);
    api->call(site, args, &result);
    CHECK(result == 11);
    api->last(&told.info);
    CHECK(told.info.outcome == 1 && told.info.age_ms == 1500);
    CHECK(api->drain(5000) && runs == 2);
    result = 0;
    CHECK(api->peek(site, args, &result) && result == 12);
    CHECK(api->operate(site, 1, args) == 1);
    CHECK(!api->peek(site, args, &result));
    CHECK(api->operate(site, 1, NULL) == 0);

    for (size_t i = 0; i < sizeof told.beyond; i++)
        CHECK(told.beyond[i] == 0xa5);
    for (size_t i = 0; i < sizeof guarded_site.beyond; i++)
        CHECK(guarded_site.beyond[i] == 0xa5 && guarded_policy.beyond[i] == 0xa5);
    CHECK(site->abi == 1 && site->policy == policy && site->function != NULL);
    CHECK(door.attach(2) == NULL && door.attach(0) == NULL);
    return failures != 0;
}
