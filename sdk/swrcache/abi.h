/*
 * abi.h - what an annotated object file and the runtime tell each other.
 *
 * Everything here is compiled into users' programs and read by a runtime that may be older or newer:
 * structures grow at their end only, and each carries its own size. Nothing here allocates.
 *
 *   annotated object                                 runtime
 *   ----------------                                 -------
 *   struct swrcache_site   (static, one a function)
 *     params[], policy, run/copy/free thunks, what the compiler knows of the types
 *   constructor: dlsym("swrcache_attach")  ------->  struct swrcache_api *
 *   api->enter(first, last)                ------->  functions known to swrctl
 *   trampoline: api->call(site, args, &r)  ------->  hit, or site->run(args, &r) in a frame of the runtime
 *   destructor: api->leave(first, last)    ------->  forgets it all: dlclose(), or the end of the process
 */
#ifndef SWRCACHE_ABI_H
#define SWRCACHE_ABI_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SWRCACHE_ABI 1

/* A policy field that the annotation leaves out. Zero is a value of its own. */
#define SWRCACHE_UNSET   INT64_MIN
#define SWRCACHE_UNSET32 INT32_MIN

/* Of x also parts: SWR_SECONDS(0.5). */
#define SWR_FOREVER    INT64_MAX
#define SWR_SECONDS(x) ((int64_t)((x)*INT64_C(1000)))
#define SWR_MINUTES(x) ((int64_t)((x)*INT64_C(60000)))
#define SWR_HOURS(x)   ((int64_t)((x)*INT64_C(3600000)))

enum swrcache_kind {
    SWRCACHE_KIND_VAL = 1,
    SWRCACHE_KIND_STR,
    SWRCACHE_KIND_BYTES,
    SWRCACHE_KIND_STRUCT,
    SWRCACHE_KIND_OPAQUE,
    SWRCACHE_KIND_OUT,
    SWRCACHE_KIND_OUT_BYTES,
};

/* How the bytes of a scalar are to be printed, compared with zero, and normalised. */
enum swrcache_class {
    SWRCACHE_CLASS_BYTES = 0, /* a structure, union, complex number: opaque bytes */
    SWRCACHE_CLASS_BOOL,
    SWRCACHE_CLASS_CHAR,
    SWRCACHE_CLASS_INT,  /* signed, also enumerations that are */
    SWRCACHE_CLASS_UINT, /* unsigned */
    SWRCACHE_CLASS_FLOAT,
    SWRCACHE_CLASS_POINTER,
};

enum swrcache_form {
    SWRCACHE_FORM_VALUE = 1, /* SWR_CACHED: a result by value */
    SWRCACHE_FORM_STRING,    /* SWR_CACHED_STRING: a heap string, or NULL */
    SWRCACHE_FORM_OBJECT,    /* SWR_CACHED_OBJECT: a pointer with copy and free */
    SWRCACHE_FORM_VOID,      /* SWR_CACHED_VOID: out-parameters only */
};

/* One named field of an SWR_STRUCT parameter. */
struct swrcache_field {
    const char *name;
    uint32_t offset;
    uint32_t size;
    uint32_t cls; /* enum swrcache_class; of an array: SWRCACHE_CLASS_BYTES, char arrays _CHAR */
};

struct swrcache_param {
    const char *name;
    const char *type; /* as written in the annotation; "" for STR, BYTES, OUT_BYTES */
    uint32_t kind;    /* enum swrcache_kind */
    uint32_t cls;     /* enum swrcache_class of a VAL or OUT, else 0 */
    uint32_t size;    /* VAL, OPAQUE: of the value; OUT, STRUCT: of what is pointed to; else 0 */
    uint32_t nfields; /* STRUCT only */
    const struct swrcache_field *fields;
};

/*
 * One argument of one call.
 *
 *   VAL, OPAQUE   data = &argument      size = sizeof argument
 *   STR           data = the string     size = 0 (the runtime measures it); NULL allowed
 *   BYTES         data = the bytes      size = the length, SIZE_MAX when it was negative
 *   STRUCT        data = the structure  size = sizeof *argument; NULL allowed
 *   OUT           data = where to write size = sizeof *argument
 *   OUT_BYTES     data = where to write size = the room, SIZE_MAX when it was negative
 */
struct swrcache_arg {
    const void *data;
    size_t size;
};

/* A key of the user's own making, from SWR_KEY; the kinds tell the runtime whether it fits the function. */
struct swrcache_key {
    /* Like snprintf: writes at most `room` bytes, gives the length there is. SIZE_MAX: do not cache this. */
    size_t (*make)(const struct swrcache_arg *args, void *buffer, size_t room);
    const struct swrcache_param *params;
    uint32_t nparams;
};

/* How an object becomes bytes and back, from SWR_CODEC. */
struct swrcache_codec {
    size_t (*encode)(const void *object, void *buffer, size_t room); /* as `make` */
    void *(*decode)(const void *bytes, size_t len);                  /* NULL: it cannot */
    /* `decode` itself NULL, from SWR_ENCODER: objects are kept as they are, and compared by their bytes. */
};

enum swrcache_fails {
    SWRCACHE_FAILS_UNSET = -1,
    SWR_FAILS_NEVER = 0,
    SWR_FAILS_NULL,     /* a NULL pointer */
    SWR_FAILS_NEGATIVE, /* a number below zero */
    SWR_FAILS_NONZERO,  /* any number but zero */
};

enum swrcache_refresh {
    SWRCACHE_REFRESH_UNSET = -1,
    SWR_REFRESH_POOL = 0,
    SWR_REFRESH_CALLER,
};

enum swrcache_dependencies {
    SWRCACHE_DEPENDENCIES_UNSET = 0,
    SWR_DEPENDENCIES_ON,
    SWR_DEPENDENCIES_OFF, /* what the body calls does not bind its result */
};

/* What calls come to. */
enum swrcache_mode {
    SWRCACHE_MODE_UNSET = 0,
    SWR_MODE_ON,
    SWR_MODE_OFF,     /* they go straight to the function */
    SWR_MODE_SHADOW,  /* cached, and now and then compared with what the function gives */
    SWR_MODE_OBSERVE, /* uncached, and what caching would have brought is counted */
};

/*
 * What the annotation's designators fill. Times in milliseconds; SWRCACHE_UNSET: default or inherited. Of
 * fields after `tags` zero is unset: a smaller policy lacks them.
 */
struct swrcache_policy {
    int64_t ttl_ms;
    int64_t stale_ms;
    int64_t stale_if_error_ms;
    int64_t negative_ms;
    int64_t wait_ms;
    int64_t keep_warm_ms;
    int64_t keep_warm_idle; /* refreshes without a call */
    int64_t jitter_pct;
    int64_t retry_ms;
    int64_t retry_max_ms;
    int64_t max_entries;
    int64_t max_bytes;
    int64_t version;
    enum swrcache_fails fails;
    enum swrcache_refresh refresh;
    int secret;                         /* bool; -1: unset */
    bool (*failed)(const void *result); /* result: address of what the function returned; NULL for VOID */
    bool (*unless)(void);
    const char *region;
    const char *tags; /* separated by blanks */
    /* Since here absent from smaller policies. */
    const char *invalidate_on;   /* events, separated by blanks */
    const char *expire_on;       /* the same */
    int64_t (*version_of)(void); /* asked at every call; part of the key like `version`, which it replaces */
    enum swrcache_dependencies dependencies;
    const struct swrcache_key *key;     /* stands for the arguments */
    const struct swrcache_codec *codec; /* OBJECT only */
    enum swrcache_mode mode;            /* in the beginning */
    int percent;                        /* of the keys, 1 to 100; the others are not cached; 0: unset */
    int64_t shadow_pct;                 /* 1 to 100; 0: unset */
};

/* The smallest policy there is. */
#define SWRCACHE_POLICY_LEAST (offsetof(struct swrcache_policy, tags) + sizeof(const char *))

/* One annotated function. Static in the annotated object; the runtime writes only `function`. */
struct swrcache_site {
    uint32_t abi;  /* SWRCACHE_ABI */
    uint32_t size; /* sizeof(struct swrcache_site) */
    const char *name;
    const char *file;
    uint32_t line;
    uint32_t form;        /* enum swrcache_form */
    uint32_t result_cls;  /* enum swrcache_class; POINTER for STRING and OBJECT */
    uint32_t result_size; /* sizeof the result; of a pointer for STRING and OBJECT; 0 for VOID */
    const char *result_type;
    const struct swrcache_param *params;
    uint32_t nparams;
    uint32_t policy_size; /* sizeof(struct swrcache_policy) */
    const struct swrcache_policy *policy;
    /* Calls the body with `args`; writes the result to `result` (not for VOID). */
    void (*run)(const struct swrcache_arg *args, void *result);
    void *(*copy)(const void *master); /* OBJECT only; never given NULL */
    void (*release)(void *master);     /* OBJECT only; never given NULL */
    void *function;                    /* the runtime's; atomic, NULL until enrolled */
    /* From here on absent from smaller sites. */
    uint32_t flags; /* SWRCACHE_SITE_... */
    /*
     * What the compiler knows of the types: nparams + 1 alignments, powers of two, of each VAL and OPAQUE, of
     * what each OUT and STRUCT points to, else 1, and last of the result.
     */
    const uint32_t *aligns;
    /*
     * Clears what is no value of a VAL, of what an OUT points to, of one field of a STRUCT, or (`param` is
     * nparams) of a result by value. False: the compiler does not know where that is.
     */
    bool (*clear)(uint32_t param, uint32_t field, void *value);
    /* What the trampoline makes of a VAL before it calls; false: it leaves that parameter alone. */
    bool (*round)(uint32_t param, void *value);
};

#define SWRCACHE_ALIGN_MOST 4096

/* Stands in for a function of programs that know nothing of caching: the runtime is slower to start threads.
 */
#define SWRCACHE_SITE_INTERPOSED 1u
/* Without `clear`, and there is nothing to be cleared: what is of no other class is plain bytes. */
#define SWRCACHE_SITE_PLAIN 2u

/* The smallest site there is. */
#define SWRCACHE_SITE_LEAST offsetof(struct swrcache_site, flags)

/* One writer: a function after which other functions' results are old. Static in the annotated object. */
struct swrcache_writer {
    uint32_t abi;  /* SWRCACHE_ABI */
    uint32_t size; /* sizeof(struct swrcache_writer) */
    const char *name;
    const char *file;
    uint32_t line;
    uint32_t ntargets;
    const char *const *targets; /* formats, as they are written */
    /* Calls the body with `args`; writes the result to `result` unless it returns nothing. */
    void (*run)(const struct swrcache_arg *args, void *result);
    void (*tell)(const struct swrcache_arg *args); /* invalidates or expires the targets, as one batch */
};

/* What a region hands down, from SWR_REGION_POLICY. Static in the annotated object. */
struct swrcache_region {
    uint32_t abi;  /* SWRCACHE_ABI */
    uint32_t size; /* sizeof(struct swrcache_region) */
    const char *name;
    const struct swrcache_policy *policy;
    uint32_t policy_size; /* sizeof(struct swrcache_policy) */
};

enum swrcache_operation {
    SWRCACHE_OP_INVALIDATE = 1,
    SWRCACHE_OP_EXPIRE,
    SWRCACHE_OP_REFRESH,
};

enum swrcache_outcome {
    SWR_HIT,
    SWR_STALE_HIT,
    SWR_FALLBACK_HIT,
    SWR_MISS,
    SWR_COALESCED,
    SWR_BYPASS,
};

/* The last cached call that ended on this thread. */
struct swrcache_info {
    enum swrcache_outcome outcome;
    uint64_t age_ms;   /* of the value handed out, from before its computation; 0 when just computed */
    int refresh_errno; /* errno of the last failed refresh of that entry; 0: none */
};

/* What swrcache_attach() returns. Grows at its end; `size` says how far it goes. All are thread-safe. */
struct swrcache_api {
    uint32_t abi;
    uint32_t size;
    /* Makes the sites in [first, last) known; a site already known or NULL is passed over. */
    void (*enroll)(struct swrcache_site *const *first, struct swrcache_site *const *last);
    /* The cached call. Always fills `result` and the out-arguments, as the body would. */
    void (*call)(struct swrcache_site *site, const struct swrcache_arg *args, void *result);
    /* One key (`args`, out-arguments ignored) or, with args NULL, all of the function. Entries matched. */
    size_t (*operate)(struct swrcache_site *site, enum swrcache_operation operation,
                      const struct swrcache_arg *args);
    /* A fresh or stale result without computing; false and nothing written if there is none. */
    bool (*peek)(struct swrcache_site *site, const struct swrcache_arg *args, void *result);
    /* In a body: */
    void (*skip)(void);
    void (*fail)(void);
    void (*set_ttl)(int64_t ttl_ms, int64_t stale_ms);
    /* After a call: */
    void (*last)(struct swrcache_info *info);
    /* In tests: with SWR_CLOCK=manual moves time; waits until no refresh is queued or running. */
    void (*advance)(uint64_t ms);
    bool (*drain)(uint64_t timeout_ms);
    /*
     * Targets, in the one language of swrctl and C: all, quote, quote("AC*", 3), region:shop, tag:user:42,
     * event:user.saved. The format is printf's; what comes in through it is data, never syntax.
     * Entries matched.
     */
    size_t (*verb)(enum swrcache_operation operation, const char *format, va_list args);
    size_t (*emit)(const char *format, va_list args);
    /* In a body: names that this result goes by. */
    void (*tag)(const char *format, va_list args);
    /* Verbs and puts between begin and commit take effect together. False: there was no begin. */
    void (*begin)(void);
    bool (*commit)(void);
    bool (*rollback)(void);
    /* Regions as dictionaries. `ttl_ms` 0: the region's. get: the value's length, -1: absent. */
    bool (*put)(const char *region, const void *key, size_t key_len, const void *value, size_t value_len,
                uint64_t ttl_ms);
    ssize_t (*get)(const char *region, const void *key, size_t key_len, void *buffer, size_t room);
    bool (*has)(const char *region, const void *key, size_t key_len);
    bool (*remove)(const char *region, const void *key, size_t key_len);
    /* What a region's functions inherit; the policy is copied. */
    void (*region_policy)(const char *region, const struct swrcache_policy *policy, size_t policy_size);
    bool (*region_on)(const char *region, const char *event, enum swrcache_operation operation);
    /* Which computation calls on another thread belong to. NULL: none. */
    void *(*context)(void);
    void (*with)(void *context);
    /* A target of a writer, as it is written: checked once all functions are known. */
    void (*expect)(const char *writer, const char *format);
    /*
     * Runs a writer's body and tells its targets unless the body called swrcache_fail(). When the body leaves
     * by an exception or by cancellation they are told too: the write may have happened.
     */
    void (*write)(const struct swrcache_writer *writer, const struct swrcache_arg *args, void *result);
    /* The call computed here and now, whatever is remembered; stored unless it failed: then false. */
    bool (*forced)(struct swrcache_site *site, const struct swrcache_arg *args, void *result);
    /*
     * Before the process does what one of several threads may not do, as unshare(CLONE_NEWUSER): the
     * runtime's threads end, within a moment (true). After it: they may come again, as calls need them
     * (false).
     */
    void (*rest)(bool begin);
    /*
     * As enroll(), of an object that will say leave() in a destructor: it may be unloaded. One that only
     * enrolls stays for good.
     */
    void (*enter)(struct swrcache_site *const *first, struct swrcache_site *const *last);
    /* The code of the object goes: nothing of it is called or looked at any more. */
    void (*leave)(struct swrcache_site *const *first, struct swrcache_site *const *last);
};

/* The runtime's one door. NULL: this runtime is switched off or too old for `abi`. */
typedef const struct swrcache_api *swrcache_attach_fn(uint32_t abi);

#endif
