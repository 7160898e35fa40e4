import CCurl
import Linux

/// One exchange as libcurl sees it: the easy handle, and what its callbacks keep. Lives on the engine's thread.
final class EasyTransfer {
    let handle: UnsafeMutableRawPointer
    let exchange: Exchange
    private let patience: Patience
    private var headerList: UnsafeMutablePointer<curl_slist>?
    private let errorText: UnsafeMutablePointer<CChar>
    private var headers = HeaderReader()
    private var sent: Int64 = 0
    private var received: Int64 = 0
    private var lastMoved = Monotonic.milliseconds
    /// Why a callback ended the transfer; libcurl only knows that it did.
    private var failure: TransferError?

    init(_ exchange: Exchange, _ settings: EngineSettings) throws(TransferError) {
        guard let handle = cc_easy_init() else { throw TransferError(.local, "start the transfer: no memory") }
        self.handle = handle
        self.exchange = exchange
        patience = settings.patience
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        setRequest()
        setCallbacks()
        try setConnection(settings)
    }

    deinit {
        cc_easy_cleanup(handle)
        cc_slist_free_all(headerList)
        errorText.deallocate()
    }

    // MARK: Setting up

    private func setRequest() {
        let request = exchange.request
        _ = cc_set_text(handle, CURLOPT_URL, request.address.text)
        _ = cc_set_text(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        _ = cc_set_text(handle, CURLOPT_USERAGENT, "shale")
        if let payload = request.payload {
            _ = cc_set_long(handle, CURLOPT_UPLOAD, 1)
            _ = cc_set_offset(handle, CURLOPT_INFILESIZE_LARGE, payload.length)
        } else if request.method == .head {
            _ = cc_set_long(handle, CURLOPT_NOBODY, 1)
        }
        if request.method != .head, request.method != .get {
            _ = cc_set_text(handle, CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        }
        for (name, value) in request.headers.fields { append("\(name): \(value)") }
        // Otherwise a server that does not know it costs a second for each upload.
        if request.payload != nil { append("Expect:") }
        _ = cc_set_pointer(handle, CURLOPT_HTTPHEADER, headerList)
    }

    private func append(_ line: String) {
        // What would end the line would begin another header.
        guard !line.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) else { return }
        if let longer = cc_slist_append(headerList, line) { headerList = longer }
    }

    private func setCallbacks() {
        let context = Unmanaged.passUnretained(self).toOpaque()
        _ = cc_set_pointer(handle, CURLOPT_PRIVATE, context)
        _ = cc_set_pointer(handle, CURLOPT_ERRORBUFFER, errorText)
        _ = cc_set_callback(handle, CURLOPT_HEADERFUNCTION, Self.onHeader)
        _ = cc_set_pointer(handle, CURLOPT_HEADERDATA, context)
        _ = cc_set_callback(handle, CURLOPT_WRITEFUNCTION, Self.onBody)
        _ = cc_set_pointer(handle, CURLOPT_WRITEDATA, context)
        _ = cc_set_callback(handle, CURLOPT_READFUNCTION, Self.onPayload)
        _ = cc_set_pointer(handle, CURLOPT_READDATA, context)
        // No CURLOPT_SEEKFUNCTION: libcurl would send a body twice, by itself, where a kept connection is cut; an upload
        // is not the same when it is sent again.
    }

    private func setConnection(_ settings: EngineSettings) throws(TransferError) {
        _ = cc_set_long(handle, CURLOPT_NOSIGNAL, 1)
        _ = cc_set_long(handle, CURLOPT_TCP_KEEPALIVE, 1)
        _ = cc_set_long(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        _ = cc_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, settings.patience.connect.milliseconds)
        _ = cc_set_long(handle, CURLOPT_BUFFERSIZE, 256 << 10)
        _ = cc_set_long(handle, CURLOPT_UPLOAD_BUFFERSIZE, 256 << 10)
        let address = exchange.request.address
        if let proxy = Proxy.override(for: address, environment: settings.environment) {
            _ = cc_set_text(handle, CURLOPT_PROXY, proxy)
        }
        guard address.isEncrypted else { return }
        let trust = settings.trust
        let material = try trust.material(for: address)
        if !trust.verifies {
            _ = cc_set_long(handle, CURLOPT_SSL_VERIFYPEER, 0)
            _ = cc_set_long(handle, CURLOPT_SSL_VERIFYHOST, 0)
        }
        if let directory = material.directory { _ = cc_set_text(handle, CURLOPT_CAPATH, directory.cPath) }
        for (option, bytes) in [
            (CURLOPT_CAINFO_BLOB, material.authorities), (CURLOPT_SSLCERT_BLOB, material.certificate),
            (CURLOPT_SSLKEY_BLOB, material.key),
        ] {
            guard let bytes else { continue }
            let code = bytes.withUnsafeBytes { cc_set_blob(handle, option, $0.baseAddress, $0.count) }
            guard code == CURLE_OK else {
                throw TransferError(.local, "set up TLS: \(String(cString: cc_easy_strerror(code)))")
            }
        }
    }

    // MARK: On the way

    func resume() {
        lastMoved = Monotonic.milliseconds
        cc_easy_pause(handle, Int32(CURLPAUSE_CONT))
    }

    /// The error of a transfer in which nothing has moved for too long; nil while all is well.
    func stall(_ now: Int64) -> TransferError? {
        guard !exchange.isPaused else { return nil }
        let payload = exchange.request.payload
        let waits = !headers.isComplete && payload.map { sent >= $0.length } ?? false
        let limit = (waits ? patience.answer : patience.stall).milliseconds
        // The time for the connection is libcurl's to measure.
        let allowed = received == 0 && sent == 0 && !headers.hasBegun ? limit &+ patience.connect.milliseconds : limit
        guard now &- lastMoved > allowed else { return nil }
        let seconds = (now &- lastMoved) / 1000
        return TransferError(.stalled, "the server stalled: nothing for \(seconds) s after \(received) bytes")
    }

    /// What libcurl's verdict means.
    func result(_ code: CURLcode) -> Result<Void, TransferError> {
        if let failure { return .failure(failure) }
        if code == CURLE_OK { return .success(()) }
        let detail = String(cString: errorText)
        return .failure(
            TransferFailure.describe(
                code, detail.isEmpty ? String(cString: cc_easy_strerror(code)) : detail, exchange.request.address,
                received: received))
    }

    // MARK: Callbacks

    private static func transfer(_ context: UnsafeMutableRawPointer?) -> EasyTransfer? {
        context.map { Unmanaged<EasyTransfer>.fromOpaque($0).takeUnretainedValue() }
    }

    private static let onHeader: cc_body_callback = { bytes, size, count, context in
        guard let bytes, let transfer = transfer(context) else { return 0 }
        transfer.lastMoved = Monotonic.milliseconds
        switch transfer.headers.read(UnsafeRawBufferPointer(start: bytes, count: size * count)) {
        case .more: break
        case .head(let head): transfer.exchange.deliver(head)
        case .refused(let reason):
            transfer.failure = TransferError(.answer, reason)
            return 0
        }
        return size * count
    }

    private static let onBody: cc_body_callback = { bytes, size, count, context in
        guard let bytes, let transfer = transfer(context) else { return 0 }
        let total = size * count
        guard total > 0 else { return 0 }
        transfer.lastMoved = Monotonic.milliseconds
        guard transfer.exchange.deliver(UnsafeRawBufferPointer(start: bytes, count: total)) else {
            return Int(CC_WRITE_PAUSE)
        }
        transfer.received += Int64(total)
        return total
    }

    private static let onPayload: cc_body_callback = { buffer, size, count, context in
        guard let buffer, let transfer = transfer(context), let payload = transfer.exchange.request.payload else {
            return 0
        }
        transfer.lastMoved = Monotonic.milliseconds
        do throws(Errno) {
            let count = try payload.read(
                transfer.sent, UnsafeMutableRawBufferPointer(start: buffer, count: size * count))
            if count == 0, transfer.sent < payload.length {
                transfer.failure = TransferError(
                    .local, "read what is sent: it ends after \(transfer.sent) of \(payload.length) bytes")
                return Int(CC_READ_ABORT)
            }
            transfer.sent += Int64(count)
            return count
        } catch {
            transfer.failure = TransferError(.local, "read what is sent: \(error)")
            return Int(CC_READ_ABORT)
        }
    }
}
