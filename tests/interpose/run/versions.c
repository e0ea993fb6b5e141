/* versions.c - one name in two versions. */
int answer_old(void);
int answer_new(void);
static int calls;
int answer_old(void)
{
    return 1000 + ++calls;
}
int answer_new(void)
{
    return 2000 + ++calls;
}
__asm__(".symver answer_old, answer@OLD");
__asm__(".symver answer_new, answer@@NEW");
