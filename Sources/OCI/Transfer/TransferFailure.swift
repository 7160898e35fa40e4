import CCurl

/// libcurl's error codes (libcurl-errors(3)) as ours.
enum TransferFailure {
    static func describe(_ code: CURLcode, _ detail: String, _ address: Address, received: Int64) -> TransferError {
        let detail = printable(detail)
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST: return TransferError(.connection, "find host \(address.host): \(detail)")
        case CURLE_COULDNT_RESOLVE_PROXY, CURLE_PROXY: return TransferError(.connection, "reach the proxy: \(detail)")
        case CURLE_COULDNT_CONNECT:
            return TransferError(.connection, "connect to \(address.host) port \(address.port): \(reason(detail))")
        case CURLE_OPERATION_TIMEDOUT:
            return TransferError(.connection, "connect to \(address.host) port \(address.port): \(detail)")
        case CURLE_PARTIAL_FILE, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING, CURLE_HTTP2,
            CURLE_HTTP2_STREAM, CURLE_SEND_FAIL_REWIND:
            return TransferError(.cut, "the connection was cut after \(received) bytes: \(detail)")
        case CURLE_SSL_CONNECT_ERROR: return TransferError(.noTLS, "begin TLS: \(detail)")
        case CURLE_PEER_FAILED_VERIFICATION: return TransferError(.certificate, "trust the certificate: \(detail)")
        case CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CIPHER, CURLE_OUT_OF_MEMORY, CURLE_READ_ERROR:
            return TransferError(.local, detail)
        default: return TransferError(.answer, "read the answer: \(detail)")
        }
    }

    /// "Failed to connect to HOST port N after 0 ms: Couldn't connect to server" says the host twice.
    private static func reason(_ detail: String) -> String {
        detail.split(separator: ": ", maxSplits: 1).last.map(String.init) ?? detail
    }
}
