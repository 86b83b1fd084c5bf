import NIOCore

/// The timeouts of an exchange.
extension HTTPExchange {
    /// Fails the exchange if its deadline has passed, or if its peer has made no progress for too long.
    func checkProgress(at now: NIODeadline) {
        if let deadline, now >= deadline { return failAtDeadline() }
        let isSending = !isRequestSent && responseHead == nil
        // Neither a slow consumer nor a slow producer is the peer's delay.
        if isFull || isSending && upload?.isBlocked == false {
            lastProgress = now
            sendProgress = nil
            return
        }
        if isSending, sendProgress == nil { return measureSending() }
        let limit = responseHead == nil && !isSending ? request.headTimeout : request.readTimeout
        guard now - lastProgress >= TimeAmount(limit) else { return }
        if isSending { return checkSending(limit) }
        let name = request.target.authority
        fail(
            responseHead == nil
                ? HTTPClientError(.headTimeout, "\(name) did not respond within \(limit).")
                : HTTPClientError(.readTimeout, "\(name) sent nothing for \(limit) in the middle of its response.")
        )
    }

    private func failAtDeadline() {
        let name = request.target.authority
        fail(
            responseHead == nil
                ? HTTPClientError(.headTimeout, "\(name) did not respond before the deadline.")
                : HTTPClientError(.totalTimeout, "\(name) did not finish its response before the deadline.")
        )
    }

    /// Fails the exchange if the peer has taken nothing of the body since the last measurement.
    private func checkSending(_ limit: Duration) {
        lastProgress = .now()
        guard let before = sendProgress else { return measureSending() }
        connection?.measureProgress()?.whenSuccess { now in
            self.sendProgress = now
            guard !now.isProgress(since: before) else { return }
            let name = self.request.target.authority
            self.fail(HTTPClientError(.writeTimeout, "\(name) took nothing of the request body for \(limit)."))
        }
    }

    private func measureSending() {
        connection?.measureProgress()?.whenSuccess { self.sendProgress = $0 }
    }
}
