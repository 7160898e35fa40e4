/// A kind of token that tells itself by its beginning.
struct SecretPattern: Sendable {
    /// What it is, as messages name it.
    let name: String
    let prefix: [UInt8]
    /// Bytes after the prefix, all of ``alphabet``.
    let length: ClosedRange<Int>
    let alphabet: Alphabet
    /// Bits of entropy per byte of what follows the prefix: what has less was typed by hand, as an example.
    let entropy: Double
    /// Programs carry such keys in the open as often as not.
    let isOpen: Bool

    enum Alphabet: Sendable {
        case alphanumeric, upper, hexadecimal, base64, url

        func contains(_ byte: UInt8) -> Bool {
            let isDigit = (0x30...0x39).contains(byte)
            let isUpper = (0x41...0x5a).contains(byte)
            let isLower = (0x61...0x7a).contains(byte)
            switch self {
            case .alphanumeric: return isDigit || isUpper || isLower
            case .upper: return isDigit || isUpper
            case .hexadecimal: return isDigit || (0x61...0x66).contains(byte)
            case .base64:
                return isDigit || isUpper || isLower || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "/")
            case .url: return isDigit || isUpper || isLower || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
            }
        }
    }

    private init(
        _ name: String, _ prefix: String, _ length: ClosedRange<Int>, _ alphabet: Alphabet, entropy: Double = 3.2,
        isOpen: Bool = false
    ) {
        self.isOpen = isOpen
        self.name = name
        self.prefix = Array(prefix.utf8)
        self.length = length
        self.alphabet = alphabet
        self.entropy = entropy
    }

    /// The forms that services document for their own tokens, with which secret scanners find them.
    static let all: [SecretPattern] = [
        SecretPattern("AWS access key", "AKIA", 16...16, .upper, entropy: 2.8),
        SecretPattern("AWS session key", "ASIA", 16...16, .upper, entropy: 2.8),
        SecretPattern("GitHub token", "ghp_", 36...36, .alphanumeric),
        SecretPattern("GitHub OAuth token", "gho_", 36...36, .alphanumeric),
        SecretPattern("GitHub user token", "ghu_", 36...36, .alphanumeric),
        SecretPattern("GitHub server token", "ghs_", 36...36, .alphanumeric),
        SecretPattern("GitHub refresh token", "ghr_", 36...76, .alphanumeric),
        SecretPattern("GitHub fine-grained token", "github_pat_", 82...82, .url),
        SecretPattern("GitLab token", "glpat-", 20...64, .url),
        SecretPattern("GitLab deploy token", "gldt-", 20...64, .url),
        SecretPattern("Slack token", "xoxb-", 24...128, .url),
        SecretPattern("Slack token", "xoxp-", 24...128, .url),
        SecretPattern("Slack token", "xoxa-", 24...128, .url),
        SecretPattern("Slack app token", "xapp-1-", 24...160, .url),
        SecretPattern("Stripe key", "sk_live_", 24...128, .alphanumeric),
        SecretPattern("Stripe restricted key", "rk_live_", 24...128, .alphanumeric),
        SecretPattern("Google API key", "AIza", 35...35, .url, isOpen: true),
        SecretPattern("Google OAuth secret", "GOCSPX-", 28...28, .url),
        SecretPattern("npm token", "npm_", 36...36, .alphanumeric),
        SecretPattern("PyPI token", "pypi-AgEIcHlwaS5vcmc", 50...512, .url),
        SecretPattern("Docker Hub token", "dckr_pat_", 27...27, .url),
        SecretPattern("Anthropic key", "sk-ant-", 80...160, .url),
        SecretPattern("OpenAI key", "sk-proj-", 40...256, .url),
        SecretPattern("Hugging Face token", "hf_", 34...34, .alphanumeric),
        SecretPattern("DigitalOcean token", "dop_v1_", 64...64, .hexadecimal),
        SecretPattern("SendGrid key", "SG.", 22...22, .url),
        SecretPattern("Shopify token", "shpat_", 32...32, .hexadecimal),
        SecretPattern("Vault token", "hvs.", 24...256, .url),
        SecretPattern("Terraform token", "atlasv1.", 60...80, .url),
        SecretPattern("age key", "AGE-SECRET-KEY-1", 58...58, .upper),
        SecretPattern("Azure storage key", "AccountKey=", 86...86, .base64),
    ]
}

/// How disordered bytes are, in bits each.
func entropy(of bytes: some Collection<UInt8>) -> Double {
    guard !bytes.isEmpty else { return 0 }
    var counts = [Int](repeating: 0, count: 256)
    for byte in bytes { counts[Int(byte)] += 1 }
    let total = Double(bytes.count)
    return counts.reduce(0.0) { sum, count in
        guard count > 0 else { return sum }
        let share = Double(count) / total
        return sum - share * Logarithm.base2(share)
    }
}

private enum Logarithm {
    /// By halves and an atanh series: no library for one function.
    static func base2(_ value: Double) -> Double {
        guard value > 0 else { return 0 }
        let exponent = Double(value.exponent)
        let ratio = (value.significand - 1) / (value.significand + 1)
        let square = ratio * ratio
        var term = ratio
        var sum = 0.0
        for power in stride(from: 1.0, through: 19, by: 2) {
            sum += term / power
            term *= square
        }
        return exponent + 2 * sum * 1.442_695_040_888_963_4
    }
}
