/// Where a redirect leads (RFC 9110, section 15.4).
enum Redirect {
    /// The request that an answer asks for instead, or nil when it asks for none.
    ///
    /// - Throws: ``TransferError`` of kind `redirect` where it must not be followed.
    static func next(_ request: Request, _ head: ResponseHead) throws(TransferError) -> Request? {
        guard [301, 302, 303, 307, 308].contains(head.status), let location = head.headers["Location"] else {
            return nil
        }
        guard let address = request.address.resolve(location) else {
            throw TransferError(.redirect, "redirected to \"\(printable(location))\", which is no http address")
        }
        guard address.isEncrypted || !request.address.isEncrypted else {
            throw TransferError(.redirect, "redirected from https to \(address): refused")
        }
        // An upload's method and body survive 307 and 308 only; no registry may turn it into something else.
        guard request.method == .get || request.method == .head || head.status == 307 || head.status == 308 else {
            throw TransferError(.redirect, "\(request.method.rawValue) redirected by status \(head.status): refused")
        }
        var next = request
        next.address = address
        if !address.sameOrigin(as: request.address) {
            next.headers["Authorization"] = nil
            next.headers["Cookie"] = nil
        }
        return next
    }
}
