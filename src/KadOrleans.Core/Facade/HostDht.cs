namespace KadOrleans;

/// <summary>Marks the services of a host whose <see cref="IDht"/> is a node's, or a cluster's: one that has both would not say which is meant.</summary>
/// <param name="AddedBy">The call that added it.</param>
internal sealed record HostDht(string AddedBy)
{
    /// <summary>Refuses a call if another one has added its DHT to the services.</summary>
    /// <param name="instances">What the services have as instances.</param>
    /// <param name="call">The call.</param>
    /// <exception cref="InvalidOperationException">There is another.</exception>
    public static void ThrowIfOther(IEnumerable<object?> instances, string call)
    {
        if (instances.OfType<HostDht>().FirstOrDefault() is { } other && other.AddedBy != call)
        {
            throw new InvalidOperationException(
                $"The host has an IDht already, of {other.AddedBy}: one that needs both makes the node by KadNode.CreateBuilder(…) instead.");
        }
    }
}
