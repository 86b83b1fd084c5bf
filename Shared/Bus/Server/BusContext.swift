package import Hummingbird

/// What an internal service knows of a request besides its endpoint value.
package struct BusContext: RequestContext {
    package var coreContext: CoreRequestContextStorage

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
    }

    /// The longest endpoint value that is taken, in bytes.
    package var maxUploadSize: Int { 64 * 1024 * 1024 }
}
