import Hummingbird

/// What an internal service knows of a request that is for its operators.
struct OperationsContext: RequestContext {
    var coreContext: CoreRequestContextStorage

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
    }
}
