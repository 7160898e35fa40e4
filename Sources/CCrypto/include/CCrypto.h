// OpenSSL's SHA-2 and GHASH: the processor's instructions for them, whichever it has.
//
// By the functions of these algorithms, linked statically: those that find an algorithm by its name start all of the library
// first, and cost a short command a millisecond and 3 MiB.
#ifndef CCRYPTO_H
#define CCRYPTO_H

#include <stddef.h>

struct cx_digester;

// NULL without memory. `bits`: 256 or 512.
struct cx_digester *cx_digester_new(int bits);
void cx_digester_free(struct cx_digester *digester);
void cx_digester_update(struct cx_digester *digester, const void *bytes, size_t count);
// Writes 32 or 64 bytes, and ends the calculation.
void cx_digester_finish(struct cx_digester *digester, unsigned char *hash);

struct cx_ghash;

// NULL without memory. `key`: 16 bytes.
struct cx_ghash *cx_ghash_new(const unsigned char *key);
void cx_ghash_free(struct cx_ghash *hash);
// 1 for success, 0 after too many bytes: 2^61.
int cx_ghash_update(struct cx_ghash *hash, const void *bytes, size_t count);
// Writes the 16 bytes of the tag for what was given since the last one. The next begins.
void cx_ghash_finish(struct cx_ghash *hash, unsigned char *tag);

#endif
