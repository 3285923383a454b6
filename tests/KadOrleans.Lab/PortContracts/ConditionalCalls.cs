namespace KadOrleans.Lab;

/// <summary>Sets under a condition of the value, as a program makes one of a version: it reads, compares, and names what it read.</summary>
internal static class ConditionalCalls
{
    public static Task<SetResult> SetIfAsync(
        this IDht dht,
        NodeId key,
        DhtValue value,
        Func<DhtValue?, bool> condition,
        SetAcknowledgement acknowledgement,
        TimeSpan? life = null,
        CancellationToken cancellationToken = default) =>
        dht.SetIfFoundAsync(key, value, found => condition(found.Value), acknowledgement, life, cancellationToken);
}
