/// Which proxy a connection goes through. libcurl reads `https_proxy`, `HTTPS_PROXY`, `http_proxy`, `all_proxy`,
/// `ALL_PROXY` and `no_proxy`/`NO_PROXY` (with networks as 10.0.0.0/8) by itself; here stands what it leaves out.
enum Proxy {
    /// A proxy for libcurl: nil leaves the choice to it, empty means none.
    static func override(for address: Address, environment: Environment) -> String? {
        // No proxy can reach this machine's loopback.
        if address.isLoopback { return "" }
        // Other clients of registries read it in upper case too; in a CGI program it is the visitor's header.
        if !address.isEncrypted, environment.text("http_proxy") == nil, environment.text("REQUEST_METHOD") == nil,
            let proxy = environment.text("HTTP_PROXY")
        {
            return proxy
        }
        return nil
    }
}
