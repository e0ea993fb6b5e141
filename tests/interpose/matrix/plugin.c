/* plugin.c - calls price() of the library that only this plugin is linked to. */
double price(const char *symbol, int days);
double plugin(void);
double plugin(void)
{
    return price("ACME", 3);
}
