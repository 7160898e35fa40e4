import Testing

@testable import Analysis

@Suite struct SecretTextRules {
    @Test(
        "Secrets by form",
        arguments: [
            "AKIAQ7ZL3M5K2PX4RTWN", "glpat-Zk3vQ8yT1mWx5bNc7RdJ", "xoxb-2148301957-94Kd72hfLq0Zmx",
            "sk_live_4eC39HqLyjWDarjtT1zdp7dc", "npm_9aZ4kQx7Lw2Ts8Vb3Nc6Yd1Me5Rf0Gh2Jk4P",
            "AIzaSyC8kq2Lw9xZt4Vb7Nd1Me5Rf3Gh6Jp0TzW", "dckr_pat_9aZ4kQx7Lw2Ts8Vb3Nc6Yd1Me5R",
            "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", "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",
        ])
    func forms(_ secret: String) {
        #expect(SecretScanner.shared.matches(in: Array("a = '\(secret)'\n".utf8)).count == 1)
        // In the middle of a word, with a letter too many, or as an example, it is none.
        #expect(SecretScanner.shared.matches(in: Array("x\(secret)'\n".utf8)).isEmpty)
        let dull = String(secret.prefix(8)) + String(repeating: "x", count: max(0, secret.count - 8))
        #expect(SecretScanner.shared.matches(in: Array(dull.utf8)).isEmpty)
    }

    @Test(
        "What is no secret",
        arguments: [
            ("AKIAIOSFODNN7EXAMPLE", ""), ("PASSWORD", "changeme"), ("PASSWORD", "$OTHER"),
            ("PASSWORD_FILE", "/run/x9Lr5Tz1q"),
            ("TOKEN_URL", "https://example.org/token"), ("COMPASS_DIRECTION", "northwest"),
            ("SECRET_NAME", "x9Lr5Tz1q"),
            ("PASSWORD", "******"), ("GPG_KEY", "A035C8C19219BA821ECEA86B64E628F8D684696D"), ("TOKENIZER", "x9Lr5Tz1q"),
            ("PASSWORD", "<password>"), ("PASSWORD_HASHERS", "argon2id"), ("BYPASS_LIST", "x9Lr5Tz1q"),
            ("PYTHON_SHA256", "9aZ4kQx7Lw2Ts8Vb3Nc6Yd1Me5Rf0Gh2"),
            ("A", "https://user:password@example.org"), ("A", "https://$USER:$PASS@example.org"),
            ("A", "http://a:8080/b@c"),
        ])
    func none(_ name: String, _ value: String) {
        #expect(SecretText.problem(name: name, value: value) == nil)
    }

    @Test(
        "What is one",
        arguments: [
            ("PASSWORD", "q9Lr5Tz1"), ("dbPassword", "q9Lr5Tz1"), ("API_KEY", "q9Lr5Tz1xx2"),
            ("A", "https://me:q9Lr5@example.org"),
            ("GITHUB_TOKEN", "0123abcd4567"), ("client-secret", "'q9Lr5Tz1'"), ("A", "postgres://me:q9Lr5@db:5432/x"),
        ])
    func one(_ name: String, _ value: String) {
        #expect(SecretText.problem(name: name, value: value) != nil)
    }

    @Test("Times and entropy are what they should be")
    func arithmetic() {
        #expect(UTCTime.text(0) == "1970-01-01T00:00:00Z")
        #expect(UTCTime.text(951_782_400) == "2000-02-29T00:00:00Z")
        #expect(UTCTime.text(1_735_689_599) == "2024-12-31T23:59:59Z")
        #expect(UTCTime.text(.max) == "9999-12-31T23:59:59Z")
        #expect(abs(entropy(of: Array("abcdefgh".utf8)) - 3) < 1e-12)
        #expect(abs(entropy(of: Array("aab".utf8)) - 0.918_295_834_054_489_6) < 1e-12)
    }
}
