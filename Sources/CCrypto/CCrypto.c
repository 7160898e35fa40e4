// OpenSSL 3 discourages the functions of one algorithm, and keeps them.
#define OPENSSL_API_COMPAT 0x10100000L
#define OPENSSL_SUPPRESS_DEPRECATED

#include "CCrypto.h"

#include <openssl/aes.h>
#include <openssl/modes.h>
#include <openssl/sha.h>
#include <stdlib.h>

struct cx_digester {
    int bits;
    union {
        SHA256_CTX sha256;
        SHA512_CTX sha512;
    };
};

struct cx_digester *cx_digester_new(int bits) {
    struct cx_digester *digester = malloc(sizeof *digester);
    if (!digester) return NULL;
    digester->bits = bits;
    if (bits == 256)
        SHA256_Init(&digester->sha256);
    else
        SHA512_Init(&digester->sha512);
    return digester;
}

void cx_digester_free(struct cx_digester *digester) { free(digester); }

void cx_digester_update(struct cx_digester *digester, const void *bytes, size_t count) {
    if (digester->bits == 256)
        SHA256_Update(&digester->sha256, bytes, count);
    else
        SHA512_Update(&digester->sha512, bytes, count);
}

void cx_digester_finish(struct cx_digester *digester, unsigned char *hash) {
    if (digester->bits == 256)
        SHA256_Final(hash, &digester->sha256);
    else
        SHA512_Final(hash, &digester->sha512);
}

struct cx_ghash {
    AES_KEY key;
    GCM128_CONTEXT *gcm;
};

// Every calculation has the same: no two tags are ever seen, so nothing is learned from them.
static const unsigned char nonce[12];

static void encrypt(const unsigned char in[16], unsigned char out[16], const void *key) { AES_encrypt(in, out, key); }

struct cx_ghash *cx_ghash_new(const unsigned char *key) {
    struct cx_ghash *hash = malloc(sizeof *hash);
    if (!hash) return NULL;
    AES_set_encrypt_key(key, 128, &hash->key);
    hash->gcm = CRYPTO_gcm128_new(&hash->key, encrypt);
    if (!hash->gcm) {
        free(hash);
        return NULL;
    }
    CRYPTO_gcm128_setiv(hash->gcm, nonce, sizeof nonce);
    return hash;
}

void cx_ghash_free(struct cx_ghash *hash) {
    CRYPTO_gcm128_release(hash->gcm);
    free(hash);
}

// As data that is authenticated and not encrypted.
int cx_ghash_update(struct cx_ghash *hash, const void *bytes, size_t count) {
    return CRYPTO_gcm128_aad(hash->gcm, bytes, count) == 0;
}

void cx_ghash_finish(struct cx_ghash *hash, unsigned char *tag) {
    CRYPTO_gcm128_tag(hash->gcm, tag, 16);
    CRYPTO_gcm128_setiv(hash->gcm, nonce, sizeof nonce);
}
