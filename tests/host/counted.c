/* counted.c - a library's function that gives another number with each call: who gets the same was answered
 * from memory. */
int counted(int n);
int counted(int n)
{
    static int calls;
    return n * 1000 + ++calls;
}
