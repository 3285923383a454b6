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

    Task<CallEnd> CallAsync(HistoryKey key, HistoryCall call);
}
