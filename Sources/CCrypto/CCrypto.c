#include "CCrypto.h"

// A declaration that differs from OpenSSL's is an error here.
#include <openssl/evp.h>

_Static_assert(CX_GET_TAG == EVP_CTRL_AEAD_GET_TAG, "OpenSSL's commands");
