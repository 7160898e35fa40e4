// OpenSSL's message digests: the processor's SHA instructions, whichever it has.
//
// Declared here and compared with OpenSSL's own headers in the .c file: those include half of the C library, whose types Swift
// would then look for in this module.
#ifndef CCRYPTO_H
#define CCRYPTO_H

#include <stddef.h>

struct evp_md_ctx_st;
struct evp_md_st;
struct engine_st;
struct evp_cipher_ctx_st;
struct evp_cipher_st;

struct evp_md_ctx_st *EVP_MD_CTX_new(void);
void EVP_MD_CTX_free(struct evp_md_ctx_st *context);
const struct evp_md_st *EVP_sha256(void);
const struct evp_md_st *EVP_sha512(void);
// 1 for success.
int EVP_DigestInit_ex(struct evp_md_ctx_st *context, const struct evp_md_st *type, struct engine_st *engine);
int EVP_DigestUpdate(struct evp_md_ctx_st *context, const void *bytes, size_t count);
int EVP_DigestFinal_ex(struct evp_md_ctx_st *context, unsigned char *hash, unsigned int *count);

struct evp_cipher_ctx_st *EVP_CIPHER_CTX_new(void);
void EVP_CIPHER_CTX_free(struct evp_cipher_ctx_st *context);
const struct evp_cipher_st *EVP_aes_128_gcm(void);
// 1 for success.
int EVP_EncryptInit_ex(
    struct evp_cipher_ctx_st *context, const struct evp_cipher_st *cipher, struct engine_st *engine,
    const unsigned char *key, const unsigned char *nonce);
int EVP_EncryptUpdate(
    struct evp_cipher_ctx_st *context, unsigned char *out, int *written, const unsigned char *bytes, int count);
int EVP_EncryptFinal_ex(struct evp_cipher_ctx_st *context, unsigned char *out, int *written);
int EVP_CIPHER_CTX_ctrl(struct evp_cipher_ctx_st *context, int command, int argument, void *pointer);
// The command that gives the tag, of so many bytes.
enum { CX_GET_TAG = 0x10 };

#endif
