namespace KadOrleans.Node;

/// <summary>
/// Compares times that this node recorded with the wall clock as it is now: by how much that was set since is left out. Safe for several readers.
/// </summary>
internal sealed class PresentClock(TimeProvider time)
{
    private volatile SteadyAges _ages = new(time.GetUtcNow(), time.GetElapsedTime(0));

    /// <summary>Learns by how much the wall clock was set since the last call. Called by one loop alone.</summary>
    public void Observe() => _ages = _ages.Observe(time.GetUtcNow(), time.GetElapsedTime(0));

    /// <summary>A recorded time by the wall clock of now.</summary>
    public DateTimeOffset Convert(DateTimeOffset recorded) => _ages.ByPresentClock(recorded, time.GetUtcNow());
}
