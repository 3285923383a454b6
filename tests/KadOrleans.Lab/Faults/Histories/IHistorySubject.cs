namespace KadOrleans.Lab;

/// <summary>What is judged: it runs as processes, is called by clients, and faults befall it.</summary>
internal interface IHistorySubject : IAsyncDisposable
{
    IReadOnlyList<IHistoryClient> Clients { get; }

    IReadOnlyList<HistoryFault> Plan(int seed, int faults);

    /// <summary>Waits until it serves again; false if it does not.</summary>
    Task<bool> BecomesHealthyAsync(CancellationToken cancellationToken);

    /// <summary>How much older than the begin of a call what a client reads of a key may be.</summary>
    TimeSpan StalenessOf(IHistoryClient client, HistoryKey key);

    /// <summary>Whether calls may end as docs/consistency.md says of a cluster's retries.</summary>
    bool Retries { get; }
}

/// <summary>A fault as it will be: what it is called, how long it lasts, how it begins and ends.</summary>
internal sealed record HistoryFault(string Name, TimeSpan Duration, FaultActions Actions);
