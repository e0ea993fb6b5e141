/* ticking_plugin.c - calls ticking() of the library that only this plugin is linked to. */
int ticking(int n);
int plugin(int n);

int plugin(int n)
{
    return ticking(n);
}
