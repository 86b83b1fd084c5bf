import Contracts

extension RepeatedKey {
    /// Returns the response to the first request again, with the same secret.
    ///
    /// Throws `key_reused` if the repeated request asks for another API key, and `conflict` if the API key was revoked
    /// or its secret cannot be derived again.
    func response(to request: KeyRequest?, busToken: String) throws(Fault) -> Keys.Created {
        guard var request, request.record.isRepeat(of: record) else {
            throw Fault(
                .keyReused,
                """
                This idempotency key was used to create another API key. Repeat the original request, or use a new \
                idempotency key.
                """
            )
        }
        guard let key, let digest else {
            throw Fault(
                .conflict,
                "The API key that was created with this idempotency key was revoked. Use a new idempotency key."
            )
        }
        request.record = record
        let secret = request.secret(busToken: busToken)
        guard secret.digest == digest else {
            throw Fault(
                .conflict,
                """
                The API key \(key.id) was created with this idempotency key, and its secret cannot be shown again, \
                because BUS_TOKEN was changed. Revoke the API key, and create another with a new idempotency key.
                """
            )
        }
        return Keys.Created(key: key, secret: secret.text)
    }
}
