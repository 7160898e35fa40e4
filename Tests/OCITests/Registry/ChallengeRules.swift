import Testing

@testable import OCI

/// WWW-Authenticate as servers write it, Retry-After, addresses, and redirects.
@Suite struct ChallengeRules {
    private func challenges(_ lines: String...) -> [Challenge] {
        var headers = Headers()
        for line in lines { headers.append("www-authenticate", line) }
        return Challenge.all(ResponseHead(status: 401, headers: headers))
    }

    @Test("challenges are read with their parameters, several in one line or in several")
    func parsing() {
        #expect(
            challenges(
                #"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push""#
            )
                == [
                    Challenge(
                        scheme: "bearer",
                        parameters: [
                            "realm": "https://auth.docker.io/token", "service": "registry.docker.io",
                            "scope": "repository:a/b:pull,push",
                        ])
                ])
        #expect(
            challenges(#"Negotiate, BASIC realm="a \"b\", c" , Bearer Realm=x"#, "Digest")
                == [
                    Challenge(scheme: "negotiate", parameters: [:]),
                    Challenge(scheme: "basic", parameters: ["realm": #"a "b", c"#]),
                    Challenge(scheme: "bearer", parameters: ["realm": "x"]),
                    Challenge(scheme: "digest", parameters: [:]),
                ])
    }

    @Test(
        "what is no challenge ends, whatever it is",
        arguments: ["", ",,,", "=", "\"", "Bearer realm=\"", "Bearer realm=\"\\", "a=b=c", "Bearer ,=,\"", "é=ü"])
    func nonsense(line: String) {
        #expect(challenges(line).count <= 2)
    }

    @Test("Retry-After is seconds or a date; nonsense is nothing")
    func retryAfter() {
        func asked(_ text: String) -> Duration? {
            Retries.asked(ResponseHead(status: 429, headers: ["Retry-After": text]))
        }
        #expect(asked("7") == .seconds(7))
        #expect(asked("99999999999999999999") == nil)
        #expect(asked("-1") == nil)
        #expect(asked("soon") == nil)
        #expect(asked("Wed, 21 Oct 2015 07:28:00 GMT") == .seconds(0))
    }

    @Test("addresses are http or https, without a user, and resolve references")
    func addresses() throws {
        for text in [
            "", "/v2/", "ftp://a/", "file:///etc/passwd", "http://user:pass@a/", "https://user@a/", "http://",
            "http://a b/",
        ] {
            #expect(Address(text) == nil, "\(text)")
        }
        let base = try #require(Address("https://Registry.Example:8443/v2/a?x=1"))
        #expect(base.host == "registry.example")
        #expect(base.port == 8443)
        #expect(base.resolve("../b?y")?.text.hasSuffix("/b?y") == true)
        #expect(base.resolve("//other/c")?.text == "https://other/c")
        #expect(base.resolve("http://user:secret@other/") == nil)
        #expect(base.adding([("digest", "sha256:ab/c d")]).text.hasSuffix("?x=1&digest=sha256%3Aab%2Fc%20d"))
        for text in [
            "http://localhost:5000/", "http://127.0.0.1/", "http://127.9.8.7:1/", "http://[::1]:5000/",
            "http://a.localhost/",
        ] {
            #expect(Address(text)?.isLoopback == true, "\(text)")
        }
        for text in ["http://127.0.0.1.evil/", "http://localhost.evil/", "http://128.0.0.1/", "http://127.0.0/"]
        where Address(text)?.host.hasPrefix("127.0.0.0") != true {
            #expect(Address(text).map { $0.isLoopback && !$0.host.hasPrefix("127.") } != true, "\(text)")
        }
    }

    @Test("a redirect takes authorization along within one origin only, never from https to http, and no upload by 302")
    func redirects() throws {
        func next(_ method: Request.Method, _ from: String, _ status: Int, _ to: String) throws -> Request? {
            let request = Request(method, try #require(Address(from)), headers: ["Authorization": "secret"])
            return try Redirect.next(request, ResponseHead(status: status, headers: ["Location": to]))
        }
        #expect(try next(.get, "https://a/x", 302, "/y")?.headers["authorization"] == "secret")
        for other in ["https://b/x", "https://a:444/x", "//b/"] {
            #expect(try next(.get, "https://a/x", 307, other)?.headers["authorization"] == nil)
        }
        #expect(throws: TransferError.self) { try next(.get, "https://a/x", 307, "http://a/x") }
        #expect(throws: TransferError.self) { try next(.put, "https://a/x", 302, "https://a/y") }
        #expect(try next(.put, "https://a/x", 307, "https://a/y")?.method == .put)
        #expect(throws: TransferError.self) { try next(.get, "https://a/x", 302, "file:///etc/passwd") }
        #expect(try next(.get, "https://a/x", 200, "/y") == nil)
    }
}
