/// Names of the characters that mean something in a Dockerfile, as bytes and as ``Characters``.
extension FixedWidthInteger where Self: UnsignedInteger {
    static var tab: Self { 0x09 }
    static var lineFeed: Self { 0x0a }
    static var carriageReturn: Self { 0x0d }
    static var space: Self { 0x20 }
    static var exclamationMark: Self { 0x21 }
    static var doubleQuote: Self { 0x22 }
    static var hash: Self { 0x23 }
    static var dollar: Self { 0x24 }
    static var percent: Self { 0x25 }
    static var singleQuote: Self { 0x27 }
    static var star: Self { 0x2a }
    static var plus: Self { 0x2b }
    static var comma: Self { 0x2c }
    static var minus: Self { 0x2d }
    static var dot: Self { 0x2e }
    static var slash: Self { 0x2f }
    static var colon: Self { 0x3a }
    static var semicolon: Self { 0x3b }
    static var lessThan: Self { 0x3c }
    static var equalsSign: Self { 0x3d }
    static var questionMark: Self { 0x3f }
    static var at: Self { 0x40 }
    static var openBracket: Self { 0x5b }
    static var backslash: Self { 0x5c }
    static var closeBracket: Self { 0x5d }
    static var caret: Self { 0x5e }
    static var underscore: Self { 0x5f }
    static var openBrace: Self { 0x7b }
    static var closeBrace: Self { 0x7d }
}

extension UInt8 {
    var isDigit: Bool { self >= 0x30 && self <= 0x39 }
    /// White space of one byte.
    var isSpace: Bool { self == .space || self >= .tab && self <= .carriageReturn }
    var isHexDigit: Bool { isDigit || self >= 0x41 && self <= 0x46 || self >= 0x61 && self <= 0x66 }
    var isLowerLetter: Bool { self >= 0x61 && self <= 0x7a }
    var isUpperLetter: Bool { self >= 0x41 && self <= 0x5a }
}
