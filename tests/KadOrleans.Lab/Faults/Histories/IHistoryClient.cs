namespace KadOrleans.Lab;

/// <summary>A client of what is judged, which makes one call after another.</summary>
internal interface IHistoryClient : IAsyncDisposable
{
    /// <summary>By which way it calls, such as <c>HTTP of silo 1</c>.</summary>
    string Way { get; }

    /// <summary>The process that it calls.</summary>
    string Member { get; }

    /// <summary>Whether it knows FIND_VALUE and STORE alone.</summary>
    bool IsDatagrams { get; }

    /// <summary>Whether it may delete: the management is not where edges are.</summary>
    bool Manages => false;

    /// <returns>How the call ended; of a delete how each of its two parts did.</returns>
    Task<CallEnd> CallAsync(HistoryKey key, HistoryCall call);
}
