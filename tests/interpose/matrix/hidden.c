/* hidden.c - knows of a library only what it exports. */
double price_inside(void);

int main(void)
{
    return price_inside() < 0;
}
