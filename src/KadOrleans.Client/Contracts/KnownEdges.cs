namespace KadOrleans.Client;

/// <summary>The live edges as a reader of the directory knows them. Safe for several threads.</summary>
internal sealed class KnownEdges(TimeProvider time)
{
    private readonly Lock _gate = new();

    // Replaced as a whole.
    private volatile Known _known = new(0, [], null);

    /// <summary>What the directory said last.</summary>
    public IReadOnlyList<LiveEdge> All => _known.Edges;

    /// <summary>How long ago it was asked for that. Null if it has not answered yet.</summary>
    public TimeSpan? Age => _known.AskedAt is { } at ? time.GetElapsedTime(at) : null;

    /// <summary>Asks the directory what has changed. Fails as that call does, and then all stay known.</summary>
    /// <param name="ask">Calls <see cref="IEdgeDirectoryGrain.ListAsync"/> with a version.</param>
    public async Task<IReadOnlyList<LiveEdge>> ReadAsync(Func<ulong, Task<EdgeList>> ask)
    {
        var (known, askedAt) = (_known, time.GetTimestamp());
        var answer = await ask(known.Version);

        // The changes are those since this version, whatever others have read meanwhile.
        var next = known with { AskedAt = askedAt };
        if (answer.IsWhole || answer.Version != known.Version)
        {
            var gone = answer.Edges.Select(edge => edge.Name).Concat(answer.Ended).ToHashSet();
            next = new Known(
                answer.Version, [.. answer.IsWhole ? [] : known.Edges.Where(edge => !gone.Contains(edge.Name)), .. answer.Edges], askedAt);
        }

        lock (_gate)
        {
            // Another reader may have asked later and heard sooner.
            _known = _known.AskedAt > askedAt ? _known : next;
            return _known.Edges;
        }
    }

    private sealed record Known(ulong Version, IReadOnlyList<LiveEdge> Edges, long? AskedAt);
}
