/* SPDX-License-Identifier: MIT */
/* Runs a fuzz target on the files that are named, without a fuzzer. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The copy is as long as the file, so that its end is watched. */
static int replay(const char *name)
{
    static uint8_t all[1 << 20];
    FILE *file = fopen(name, "rb");
    uint8_t *data;
    size_t size, i;

    if ( !file )
    {
        perror(name);
        return 1;
    }
    size = fread(all, 1, sizeof(all), file);
    fclose(file);

    printf("# %s\n", name); /* the last one is the one that failed */
    fflush(stdout);
    data = malloc(size ? size : 1);
    for ( i = 0; i < size; i++ )
        data[i] = all[i];
    LLVMFuzzerTestOneInput(data, size);
    free(data);

    return 0;
}

int main(int argc, char **argv)
{
    int failed = 0, i;

    for ( i = 1; i < argc; i++ )
        failed |= replay(argv[i]);

    return failed;
}
