/* Fails a write of a regular file, as a full or a broken disk does: the one of number FAULT_AT, and all later ones
   unless FAULT_ONCE is set, with the error FAULT_ERRNO. Writes, truncations and synchronisations count. Where
   FAULT_COUNT names a file, the number of them is written there at the end. Preloaded by faults.py; no part of the
   program. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>

static atomic_long seen;

static long setting(const char *name) {
    const char *text = getenv(name);
    return text ? atol(text) : 0;
}

static int fails(int file) {
    struct stat found;
    if (file < 3 || fstat(file, &found) != 0 || !S_ISREG(found.st_mode)) return 0;
    long now = atomic_fetch_add(&seen, 1) + 1, at = setting("FAULT_AT");
    int hit = at > 0 && (now == at || (now > at && !setting("FAULT_ONCE")));
    if (hit) errno = (int)setting("FAULT_ERRNO");
    return hit;
}

__attribute__((destructor)) static void count(void) {
    const char *path = getenv("FAULT_COUNT");
    FILE *out = path ? fopen(path, "w") : NULL;
    if (!out) return;
    fprintf(out, "%ld", atomic_load(&seen));
    fclose(out);
}

#define FAILING(type, name, takes, gives)                       \
    type name takes {                                           \
        static type(*real) takes;                               \
        if (!real) real = (type(*) takes)dlsym(RTLD_NEXT, #name); \
        return fails(file) ? -1 : real gives;                   \
    }

FAILING(ssize_t, write, (int file, const void *from, size_t size), (file, from, size))
FAILING(ssize_t, pwrite, (int file, const void *from, size_t size, off_t at), (file, from, size, at))
FAILING(ssize_t, pwrite64, (int file, const void *from, size_t size, off64_t at), (file, from, size, at))
FAILING(ssize_t, writev, (int file, const struct iovec *from, int parts), (file, from, parts))
FAILING(int, fsync, (int file), (file))
FAILING(int, fdatasync, (int file), (file))
FAILING(int, ftruncate, (int file, off_t size), (file, size))
FAILING(int, ftruncate64, (int file, off64_t size), (file, size))
