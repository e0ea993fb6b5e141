/*
 * drive.h - calls every function through its stub and beside it, and compares.
 * usage: calls plain|off|cached LIBRARY
 */
enum { CALLS = sizeof calls / sizeof *calls };

static struct answer before[CALLS];
static unsigned failed, compared;

static void expect(bool good, int number, const char *what)
{
    compared++;
    if (good)
        return;
    failed++;
    if (failed < 20)
        printf("FAILED: f%d: %s\n", number, what);
}

static unsigned ask(int number, bool direct, uint64_t seed, struct answer *a)
{
    unsigned sofar = subject_calls;
    memset(a, 0, sizeof *a);
    calls[number](direct, seed, a);
    return subject_calls - sofar;
}

static bool same(const struct answer *a, const struct answer *b)
{
    return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0 && a->error == b->error;
}

/*
 * Calls with every register that a function must keep holding a mark; the marks that were lost, as bits. What
 * the function itself returns goes to *result.
 */
unsigned long call_marked(void *fn, const int64_t *generals, const double *vectors, double *result);
#if defined(__x86_64__)
__asm__(".text\n"
        "call_marked:\n"
        "push %rbp\n push %rbx\n push %r12\n push %r13\n push %r14\n push %r15\n push %rcx\n"
        "mov %rdi, %rax\n mov %rsi, %r10\n"
        "movsd (%rdx), %xmm0\n movsd 8(%rdx), %xmm1\n movsd 16(%rdx), %xmm2\n movsd 24(%rdx), %xmm3\n"
        "movsd 32(%rdx), %xmm4\n movsd 40(%rdx), %xmm5\n movsd 48(%rdx), %xmm6\n movsd 56(%rdx), %xmm7\n"
        "mov (%r10), %rdi\n mov 8(%r10), %rsi\n mov 16(%r10), %rdx\n mov 24(%r10), %rcx\n"
        "mov 32(%r10), %r8\n mov 40(%r10), %r9\n"
        "mov $0x1111, %rbx\n mov $0x2222, %rbp\n mov $0x3333, %r12\n mov $0x4444, %r13\n mov $0x5555, %r14\n"
        "mov $0x6666, %r15\n"
        "call *%rax\n"
        "pop %rcx\n movsd %xmm0, (%rcx)\n"
        "xor %eax, %eax\n"
        "cmp $0x1111, %rbx\n je 1f\n or $1, %eax\n1: cmp $0x2222, %rbp\n je 1f\n or $2, %eax\n"
        "1: cmp $0x3333, %r12\n je 1f\n or $4, %eax\n1: cmp $0x4444, %r13\n je 1f\n or $8, %eax\n"
        "1: cmp $0x5555, %r14\n je 1f\n or $16, %eax\n1: cmp $0x6666, %r15\n je 1f\n or $32, %eax\n"
        "1: pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbx\n pop %rbp\n ret\n");
#elif defined(__aarch64__)
__asm__(
    ".text\n"
    "call_marked:\n"
    "stp x29, x30, [sp, #-176]!\n mov x29, sp\n"
    "stp x19, x20, [sp, #16]\n stp x21, x22, [sp, #32]\n stp x23, x24, [sp, #48]\n stp x25, x26, [sp, #64]\n"
    "stp x27, x28, [sp, #80]\n stp d8, d9, [sp, #96]\n stp d10, d11, [sp, #112]\n stp d12, d13, [sp, #128]\n"
    "stp d14, d15, [sp, #144]\n str x3, [sp, #160]\n"
    "mov x16, x0\n mov x9, x1\n"
    "ldp d0, d1, [x2]\n ldp d2, d3, [x2, #16]\n ldp d4, d5, [x2, #32]\n ldp d6, d7, [x2, #48]\n"
    "ldp x0, x1, [x9]\n ldp x2, x3, [x9, #16]\n ldp x4, x5, [x9, #32]\n"
    "mov x19, #19\n mov x20, #20\n mov x21, #21\n mov x22, #22\n mov x23, #23\n mov x24, #24\n mov x25, #25\n"
    "mov x26, #26\n mov x27, #27\n mov x28, #28\n fmov d8, #8.0\n fmov d15, #15.0\n"
    "blr x16\n"
    "ldr x9, [sp, #160]\n str d0, [x9]\n mov x0, #0\n"
    "cmp x19, #19\n b.ne 2f\n cmp x20, #20\n b.ne 2f\n cmp x21, #21\n b.ne 2f\n cmp x22, #22\n b.ne 2f\n"
    "cmp x23, #23\n b.ne 2f\n cmp x24, #24\n b.ne 2f\n cmp x25, #25\n b.ne 2f\n cmp x26, #26\n b.ne 2f\n"
    "cmp x27, #27\n b.ne 2f\n cmp x28, #28\n b.ne 2f\n"
    "fmov d0, #8.0\n fcmp d8, d0\n b.ne 2f\n fmov d0, #15.0\n fcmp d15, d0\n b.eq 1f\n"
    "2: mov x0, #1\n"
    "1: ldp x19, x20, [sp, #16]\n ldp x21, x22, [sp, #32]\n ldp x23, x24, [sp, #48]\n ldp x25, x26, [sp, "
    "#64]\n"
    "ldp x27, x28, [sp, #80]\n ldp d8, d9, [sp, #96]\n ldp d10, d11, [sp, #112]\n ldp d12, d13, [sp, #128]\n"
    "ldp d14, d15, [sp, #144]\n ldp x29, x30, [sp], #176\n ret\n");
#endif

double marked(int64_t a, int64_t b, int64_t c, int64_t d, int64_t e, int64_t f, double g, double h, double i,
              double j, double k, double l, double m, double n);

static void check_marked(const char *when)
{
    static const int64_t generals[6] = {1, -2, 3, INT64_C(1) << 40, 5, 6};
    static const double vectors[8] = {.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5};
    double result = 0, expected = 0;
    expect(call_marked(real("marked"), generals, vectors, &expected) == 0, -1,
           "the test itself loses registers");
    expect(call_marked((void *)marked, generals, vectors, &result) == 0, -1, when);
    expect(result == expected, -1, when);
}

int main(int argc, char **argv)
{
    struct answer a, b;
    if (argc != 3 || (library = dlopen(argv[2], RTLD_NOW | RTLD_NOLOAD)) == NULL) {
        printf("usage: calls plain|off|cached LIBRARY\n");
        return 2;
    }
    bool cached = strcmp(argv[1], "cached") == 0;
    check_marked("registers, at a miss or plainly");
    check_marked("registers, at a hit or plainly");
    for (int i = 0; i < CALLS; i++) {
        uint64_t seed = (uint64_t)i * 7919 + 1;
        ask(i, true, seed, &a);
        expect(ask(i, false, seed, &before[i]) == 1, i, "the first call is made");
        expect(same(&a, &before[i]), i, "the first call's answer");
        expect(ask(i, false, seed, &b) == (cached ? 0u : 1u), i, "the second call");
        expect(same(&a, &b), i, "the second call's answer");
        ask(i, true, seed + 1, &a);
        ask(i, false, seed + 1, &b);
        expect(same(&a, &b), i, "the answer to other arguments");
    }
    if (cached) {
        subject_epoch++;
        swrcache_advance(25000);
        unsigned left = CALLS;
        for (int i = 0; i < CALLS; i++) {
            ask(i, false, (uint64_t)i * 7919 + 1, &b);
            expect(same(&before[i], &b), i, "the stale answer");
        }
        /* A refresh that found the queue busy was let go: the next call asks for it again. */
        static bool refreshed[CALLS];
        for (int round = 0; round < 1000 && left != 0; round++) {
            expect(swrcache_drain(60000), -1, "refreshes end");
            swrcache_advance(2);
            for (int i = 0; i < CALLS; i++) {
                if (refreshed[i])
                    continue;
                ask(i, true, (uint64_t)i * 7919 + 1, &a);
                ask(i, false, (uint64_t)i * 7919 + 1, &b);
                refreshed[i] = same(&a, &b);
                left -= refreshed[i];
                if (!refreshed[i])
                    expect(same(&before[i], &b), i, "the answer until it is refreshed");
            }
        }
        expect(left == 0, -1, "every answer is refreshed");
    }
    expect(subject_crooked == 0, -1, "the stack is aligned");
    printf("%s: %d signatures, %u comparisons, %u failed\n", argv[1], CALLS, compared, failed);
    return failed != 0;
}
