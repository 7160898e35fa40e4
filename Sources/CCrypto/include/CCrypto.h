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

struct evp_md_ctx_st *EVP_MD_CTX_new(void);
void EVP_MD_CTX_free(struct evp_md_ctx_st *context);
const struct evp_md_st *EVP_sha256(void);
const struct evp_md_st *EVP_sha512(void);
// 1 for success.
int EVP_DigestInit_ex(struct evp_md_ctx_st *context, const struct evp_md_st *type, struct engine_st *engine);
int EVP_DigestUpdate(struct evp_md_ctx_st *context, const void *bytes, size_t count);
int EVP_DigestFinal_ex(struct evp_md_ctx_st *context, unsigned char *hash, unsigned int *count);

#endif
