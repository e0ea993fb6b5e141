/* The smallest runtime: every call runs the body, through the arguments as the real one gets them. */
#include <swrcache/abi.h>
#include <string.h>

extern struct swrcache_site *fake_site;
extern const struct swrcache_arg *fake_args;
extern int fake_enrolled, fake_calls, fake_operation, fake_whole;
const struct swrcache_api *swrcache_attach(uint32_t abi);

struct swrcache_site *fake_site;
static struct swrcache_arg fake_copy[16];
const struct swrcache_arg *fake_args = fake_copy;
int fake_enrolled, fake_calls, fake_operation, fake_whole;

static void note(struct swrcache_site *site, const struct swrcache_arg *args)
{
    fake_site = site;
    if (args)
        memcpy(fake_copy, args, (site->nparams ? site->nparams : 1) * sizeof *args);
}

static void enroll(struct swrcache_site *const *first, struct swrcache_site *const *last)
{
    for (; first < last; first++)
        if (*first && (*first)->size == sizeof **first)
            fake_enrolled++;
}

static void call(struct swrcache_site *site, const struct swrcache_arg *args, void *result)
{
    fake_calls++;
    note(site, args);
    site->run(args, result);
    if (site->form == SWRCACHE_FORM_OBJECT && *(void **)result) {
        void *master = *(void **)result;
        *(void **)result = site->copy(master);
        site->release(master);
    }
}

static size_t operate(struct swrcache_site *site, enum swrcache_operation operation,
                      const struct swrcache_arg *args)
{
    note(site, args);
    fake_operation = operation;
    fake_whole = !args;
    return 7;
}

static bool peek(struct swrcache_site *site, const struct swrcache_arg *args, void *result)
{
    note(site, args);
    site->run(args, result);
    return true;
}

/* Ends at peek: an older runtime than this header. */
static const struct swrcache_api api = {
    .abi = SWRCACHE_ABI,
    .size = offsetof(struct swrcache_api, skip),
    .enroll = enroll,
    .call = call,
    .operate = operate,
    .peek = peek,
};

const struct swrcache_api *swrcache_attach(uint32_t abi)
{
    return abi == SWRCACHE_ABI ? &api : NULL;
}
